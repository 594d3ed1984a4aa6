// SPDX-License-Identifier: MPL-2.0

// Command fakeserver calls itself Vault and fails as the
// environment variable FAKE says: with the failures that real servers have but can't
// be made to have at will.
package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"time"
)

func main() {
	if len(os.Args) > 1 && os.Args[1] == "version" {
		fmt.Println("Vault v1.99.0 (fake)")
		return
	}
	listen := ""
	for _, arg := range os.Args {
		if value, ok := strings.CutPrefix(arg, "-dev-listen-address="); ok {
			listen = value
		}
	}
	switch os.Getenv("FAKE") {
	case "exit":
		fmt.Println("Error initializing storage: no storage here")
		os.Exit(1)
	case "hang":
		time.Sleep(time.Hour)
	case "family": // a server with a child that outlives it unless it is killed too
		child := exec.Command("sleep", "600")
		if err := child.Start(); err != nil {
			fail(err)
		}
		pids := fmt.Sprintln(os.Getpid(), child.Process.Pid)
		if err := os.WriteFile(os.Getenv("FAKE_PIDS"), []byte(pids), 0o600); err != nil {
			fail(err)
		}
		time.Sleep(time.Hour)
	case "sealed":
		fail(http.ListenAndServe(listen, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			http.Error(w, "{}", http.StatusServiceUnavailable)
		})))
	case "fetch": // is ready at once and fetches what it is told to
		fail(http.ListenAndServe(listen, http.HandlerFunc(fetch)))
	case "taken": // serves nothing, but another process has its port
		_, err := net.Listen("tcp", listen)
		fail(err)
	}
}

func fetch(w http.ResponseWriter, req *http.Request) {
	from := req.URL.Query().Get("from")
	if from == "" {
		return
	}
	resp, err := http.Get(from)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	defer resp.Body.Close()
	_, _ = io.Copy(w, resp.Body)
}

func fail(err error) {
	fmt.Println(err)
	os.Exit(1)
}

// SPDX-License-Identifier: MPL-2.0

// Command fakeserver calls itself Vault and fails as its first argument's
// environment variable FAKE says: the failures that real servers have but can't
// be made to have at will.
package main

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
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
		select {}
	case "sealed":
		fail(http.ListenAndServe(listen, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			http.Error(w, "{}", http.StatusServiceUnavailable)
		})))
	default: // as a server whose port another one has
		l, err := net.Listen("tcp", listen)
		if err != nil {
			fail(err)
		}
		_, err = net.Listen("tcp", l.Addr().String())
		fail(err)
	}
}

func fail(err error) {
	fmt.Println(err)
	os.Exit(1)
}

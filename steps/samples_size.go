// SPDX-License-Identifier: MPL-2.0

package steps

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// largestMessage is the largest message that a gRPC client takes unless it is told
// otherwise. Servers tell theirs to take 2 GiB.
//
// Source: https://pkg.go.dev/google.golang.org/grpc#MaxCallRecvMsgSize and go-plugin's
// grpc_client.go.
const largestMessage = 4 << 20

// tooLarge says in what an answer of the plugin is too large; empty for one that is not.
func tooLarge(a *answer) string {
	reasons, _ := a.lookup("errors")
	for _, reason := range asTexts(reasons) {
		// The server's client refused it.
		if strings.Contains(reason, "larger than max") {
			return "the server did not take it: " + reason
		}
	}
	if len(a.body) > largestMessage {
		return fmt.Sprintf("more than %.1f MB", float64(len(a.body))/(1<<20)-0.05)
	}
	return ""
}

// answersFit sends what the profile names to a mount, reads it and asks for every list
// that the plugin documents, and wants no answer to be larger than gRPC's default.
func (w *world) answersFit(ctx context.Context, mount string) error {
	installed, err := w.installed()
	if err != nil {
		return err
	}
	profile := &installed.subject.Profile
	var sent []request
	for _, write := range slices.Concat(profile.writes(), profile.Credentials) {
		requests, err := write.requests()
		if err != nil {
			return err
		}
		sent = append(sent, requests...)
	}
	// A plugin without a document is another requirement's matter.
	if document, err := w.document(); err == nil {
		for _, operation := range document.Operations() {
			if operation.Method == "LIST" {
				sent = append(sent, request{method: "LIST", path: operation.Fill(profile.knownOf(document, operation).values, probedName)})
			}
		}
	}
	if len(sent) == 0 {
		return &NotCheckedError{Reason: "the profile names no requests, and the plugin documents no lists"}
	}
	for _, r := range sent {
		if err := w.asRoot(ctx, r.method, w.below(mount, r.path), r.body); err != nil {
			return err
		}
		if size := tooLarge(w.answer); size != "" {
			return mismatch(fmt.Sprintf("an answer to %s %s of less than %d MB, gRPC's default", r.method, r.path, largestMessage>>20), size)
		}
	}
	return nil
}

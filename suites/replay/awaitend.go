// SPDX-License-Identifier: MPL-2.0

package replay

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// endPause is the time between two looks at work that goes on after its answer.
const endPause = 10 * time.Millisecond

// awaitEnd waits for the end of the work that the answer to a step says goes on: the move
// of a mount, the deletion of a namespace.
func (s *session) awaitEnd(ctx context.Context, step Step, got Answer) error {
	var look Step
	var over func(Answer) bool
	method, path, _ := strings.Cut(step.HTTP, " ")
	if id, ok := part(got.Body, "data.migration_id").(string); ok {
		look = Step{HTTP: "GET sys/remount/status/" + id}
		over = func(got Answer) bool { return part(got.Body, "data.migration_info.status") != "in-progress" }
	} else if method == "DELETE" && part(got.Body, "data.status") == "in-progress" {
		look = Step{HTTP: "GET " + path, Headers: step.Headers}
		over = func(got Answer) bool { return got.Status == http.StatusNotFound }
	} else {
		return nil
	}
	for {
		got, err := s.request(ctx, look)
		switch {
		case err != nil:
			return fmt.Errorf("waiting for the end of %s: %w", step.HTTP, err)
		case over(got):
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waiting for the end of %s: %w", step.HTTP, ctx.Err())
		case <-time.After(endPause):
		}
	}
}

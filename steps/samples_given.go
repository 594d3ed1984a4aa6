// SPDX-License-Identifier: MPL-2.0

package steps

import (
	"context"
	"fmt"
	"strings"
)

// manyGiven asks for the credentials and carries the logins out many times, and wants the
// process to have no more descriptors, goroutines and children for each.
func (w *world) manyGiven(ctx context.Context, times int, mount string) error {
	installed, err := w.installed()
	if err != nil {
		return err
	}
	profile := &installed.subject.Profile
	asked := append(loginWrites(profile.Logins), profile.Credentials...)
	if len(asked) == 0 {
		return &NotCheckedError{Reason: profile.missing(CredentialsOrLogins)}
	}
	ask := func(times int) error {
		for range times {
			for _, write := range asked[:1] {
				if _, err := w.givenOften(ctx, mount, write); err != nil {
					return err
				}
			}
		}
		w.forgetExchanges()
		return nil
	}
	if err := ask(10); err != nil { // caches and pools are filled by then
		return err
	}
	before, err := w.sizeOfSubject(ctx)
	if err != nil {
		return err
	}
	children, err := w.children(ctx)
	if err != nil {
		return err
	}
	if err := ask(times); err != nil {
		return err
	}
	after, err := w.sizeOfSubject(ctx)
	if err != nil {
		return err
	}
	more, err := w.children(ctx)
	if err != nil {
		return err
	}
	var grown []string
	if after.Descriptors >= before.Descriptors+int32(min(times, grownDescriptors)) {
		grown = append(grown, fmt.Sprintf("from %d to %d descriptors", before.Descriptors, after.Descriptors))
	}
	if more >= children+times {
		grown = append(grown, fmt.Sprintf("from %d to %d child processes", children, more))
	}
	goroutines, err := w.grownGoroutines(ctx, times)
	if err != nil {
		return err
	}
	if goroutines != "" {
		grown = append(grown, goroutines)
	}
	if len(grown) > 0 {
		return mismatch(fmt.Sprintf("a process that stays as it is over %d requests to %s", times, asked[0].Path), "it grew "+strings.Join(grown, " and "))
	}
	return nil
}

// children returns how many processes the plugin has beside those that the server started.
func (w *world) children(ctx context.Context) (int, error) {
	trees, err := w.subjectTrees(ctx)
	if err != nil {
		return 0, err
	}
	number := 0
	for _, tree := range trees {
		number += len(tree.all) - 1
	}
	return number, nil
}

// SPDX-License-Identifier: MPL-2.0

package steps

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// namesOfPages is how many names are written to see pages of a list.
const namesOfPages = 4

// listsInPages writes each listed sample under several names, and wants the parameters after
// and limit of its list, where it documents them, to choose a part.
//
// Source: https://openbao.org/api-docs/#pagination
func (w *world) listsInPages(ctx context.Context, mount string) error {
	document, err := w.document()
	if err != nil {
		return err
	}
	return w.eachReadable("no list of a sample's folder documents the parameters after and limit", func(trial sampleTrial, _ Operation) (bool, error) {
		folder, ok := document.listOf(trial.sample.Path)
		list, _ := document.Find("LIST", folder)
		has := func(name string) bool {
			return slices.ContainsFunc(list.Query, func(f Field) bool { return f.Name == name })
		}
		if !ok || !has("after") || !has("limit") {
			return false, nil
		}
		for n := range namesOfPages {
			if err := w.write(ctx, w.below(mount, fmt.Sprintf("%s-page%d", trial.sample.Path, n)), trial.sample.Data); err != nil {
				return false, err
			}
		}
		all, err := w.page(ctx, mount, folder, "", 0)
		if err != nil || len(all) < namesOfPages || !slices.IsSorted(all) {
			return false, err
		}
		return true, w.pagesOf(ctx, mount, folder, all)
	})
}

// pagesOf wants pages of a list to be parts of it.
func (w *world) pagesOf(ctx context.Context, mount, folder string, all []string) error {
	for _, try := range []struct {
		after string
		limit int
		want  []string
	}{
		{"", 2, all[:2]}, {all[0], 0, all[1:]}, {all[0], 2, all[1:3]}, {all[len(all)-1], 2, nil},
	} {
		got, err := w.page(ctx, mount, folder, try.after, try.limit)
		if err != nil {
			return err
		}
		if !slices.Equal(got, try.want) {
			return mismatch(fmt.Sprintf("%q in the list of %s with after=%s and limit=%d, of %q", try.want, folder, try.after, try.limit, all), describeAnswer(w.answer))
		}
	}
	return nil
}

// page asks for a part of a list; all of it without a name and a limit.
func (w *world) page(ctx context.Context, mount, folder, after string, limit int) ([]string, error) {
	query := url.Values{"list": {"true"}}
	if after != "" {
		query.Set("after", after)
	}
	if limit > 0 {
		query.Set("limit", strconv.Itoa(limit))
	}
	if err := w.asRoot(ctx, http.MethodGet, w.below(mount, folder+"?"+query.Encode()), ""); err != nil {
		return nil, err
	}
	keys, _ := w.answer.lookup("data.keys")
	return asTexts(keys), nil
}

// otherVersion is one that nothing has.
const otherVersion = 987654

// versionsCompared writes samples with the version of something else in the field cas, where
// that is documented, and wants to be refused: also with 0, which is for what is not there
// yet, where the description says something of it.
func (w *world) versionsCompared(ctx context.Context, mount string) error {
	return w.eachReadable("no write of a sample documents the field cas", func(trial sampleTrial, operation Operation) (bool, error) {
		n := slices.IndexFunc(operation.Body, func(f Field) bool { return f.Name == "cas" && f.Type == "integer" })
		if n < 0 {
			return false, nil
		}
		field := operation.Body[n]
		versions := []int{otherVersion}
		if strings.Contains(field.Description, "0") {
			versions = append(versions, 0)
		}
		for _, version := range versions {
			data := maps.Clone(trial.sample.Data)
			data["cas"] = version
			if err := w.write(ctx, w.below(mount, trial.sample.Path), data); err != nil {
				return false, err
			}
			if w.answer.ok() {
				what := "which is not its version"
				if version == 0 {
					what = "which is for what is not there yet"
				}
				return true, mismatch(fmt.Sprintf("a write to %s to be refused with cas=%d, %s", strings.TrimPrefix(trial.sample.Path, "/"), version, what), describeAnswer(w.answer))
			}
		}
		return true, nil
	})
}

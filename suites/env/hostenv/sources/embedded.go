// SPDX-License-Identifier: MPL-2.0

package sources

import (
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/plugproof/plugproof/suites/env/hostenv"
	"github.com/plugproof/plugproof/suites/env/hostenv/helm"
	"github.com/plugproof/plugproof/suites/env/hostenv/kubernetes"
)

// chartValues are what the objects of a file hand to charts of a server.
type chartValues struct {
	// releases is how many objects install one.
	releases int
	files    []helm.File
	remarks  []hostenv.Remark
}

// embedded returns the values in objects that install a chart, as a HelmRelease.
func embedded(s source) chartValues {
	var all chartValues
	decoder := yaml.NewDecoder(strings.NewReader(s.text))
	for {
		var document yaml.Node
		// What is not YAML is said by the reader of the objects.
		if err := decoder.Decode(&document); err != nil {
			return all
		}
		if files, remarks, found := helm.Embedded(s.title, &document); found {
			all.releases++
			all.files, all.remarks = append(all.files, files...), append(all.remarks, remarks...)
		}
	}
}

// pod reads the server's container from objects or from the values of a chart,
// whichever have it. Objects without a pod complete the values.
func (r *reader) pod(objects *kubernetes.Objects, values []helm.File) (hostenv.Environment, error) {
	if len(values) == 0 {
		return objects.Environment(r.options.Container, r.objects)
	}
	if !objects.HasPods() {
		return helm.Environment(values, objects, r.objects)
	}
	e, err := objects.Environment(r.options.Container, r.objects)
	for _, f := range values {
		e.Remarks = append(e.Remarks, hostenv.Remark{
			Kind: hostenv.Ignored, Rule: "helm-values-rendered", Place: hostenv.Place{File: f.Source},
			Message: "The values are not read, for the manifests have a container already.",
			Remedy:  "Give either the values or what the chart renders with them.",
		})
	}
	return e, err
}

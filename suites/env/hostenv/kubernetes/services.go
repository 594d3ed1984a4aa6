// SPDX-License-Identifier: MPL-2.0

package kubernetes

import (
	"fmt"
	"strings"

	"github.com/plugproof/plugproof/suites/env/hostenv"
)

// serviceLinks reports whether the pod gets variables of its namespace's services.
func serviceLinks(pod podSpec) bool { return pod.EnableServiceLinks == nil || *pod.EnableServiceLinks }

// serviceLinks returns the variables that the kubelet adds for services (kubelet,
// envvars.FromServices): those of the service kubernetes for each pod, those of the
// namespace's services unless enableServiceLinks is false. Services without an
// address of their own have none.
func (o *Objects) serviceLinks(k candidate) hostenv.Set {
	vars := make(hostenv.Set)
	add := func(name string, ports []servicePort, at hostenv.Place) {
		prefix := strings.ToUpper(strings.ReplaceAll(name, "-", "_"))
		set := func(format string, args ...any) {
			vars.Unknown(prefix+fmt.Sprintf(format, args...), "Kubernetes, for the service "+name, at)
		}
		set("_SERVICE_HOST")
		set("_SERVICE_PORT")
		set("_PORT")
		for _, p := range ports {
			if p.Name != "" {
				set("_SERVICE_PORT_%s", strings.ToUpper(strings.ReplaceAll(p.Name, "-", "_")))
			}
			protocol := strings.ToUpper(p.Protocol)
			if protocol == "" {
				protocol = "TCP"
			}
			base := fmt.Sprintf("_PORT_%d_%s", p.Port, protocol)
			set("%s", base)
			set("%s_PROTO", base)
			set("%s_PORT", base)
			set("%s_ADDR", base)
		}
	}
	add("kubernetes", []servicePort{{Name: "https", Port: 443}}, hostenv.Place{File: k.owner.file})
	if !serviceLinks(k.pod) {
		return vars
	}
	for _, m := range o.all {
		if m.Kind != "Service" || m.Spec.ClusterIP == "None" || m.Spec.Type == "ExternalName" || !sameNamespace(m.Metadata.Namespace, k.namespace) {
			continue
		}
		add(m.Metadata.Name, m.Spec.Ports, hostenv.Place{File: m.file})
	}
	return vars
}

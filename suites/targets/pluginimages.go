// SPDX-License-Identifier: MPL-2.0

package targets

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/containerd/errdefs"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"

	"github.com/plugproof/plugproof/steps"
)

// pluginLabel names the plugin of a container, as servers label it.
//
// Source: vault/sdk pluginutil run_config.go.
const pluginLabel = "com.hashicorp.vault.plugin.name"

// pluginImages makes the images from which servers on this machine run plugins. The zero
// value is ready; it is safe for concurrent use.
type pluginImages struct {
	mu      sync.Mutex
	asked   bool
	engine  *engine
	runtime string
	reason  string
	// made are the images by the path of the binary in them.
	made map[string]steps.PluginImage
}

// unsupported returns why servers on this machine can't run plugins from images, and an
// empty string if they can. The first call contacts the engine.
func (p *pluginImages) unsupported() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.asked {
		ctx, cancel := context.WithTimeout(context.Background(), 2*engineTimeout)
		defer cancel()
		p.asked = true
		p.reason = p.ask(ctx)
	}
	return p.reason
}

// ask finds an engine whose containers share sockets with this machine's processes, as
// server and plugin do.
func (p *pluginImages) ask(ctx context.Context) (reason string) {
	if runtime.GOOS != "linux" {
		return "servers run plugins in containers on Linux only"
	}
	found, err := connect(ctx)
	if err != nil {
		return "no container engine answers, which servers need for that"
	}
	info, err := found.Info(ctx, client.InfoOptions{})
	if err != nil {
		return "the container engine does not describe itself: " + err.Error()
	}
	for _, option := range info.Info.SecurityOptions {
		for _, apart := range []string{"name=rootless", "name=userns", "name=selinux"} {
			if strings.HasPrefix(option, apart) {
				return "containers of this engine can't reach the sockets of a server on this machine: it has " + apart
			}
		}
	}
	if found.remote || found.desktop || !found.here || !found.gateway.IsValid() {
		return "the container engine is not of the same machine as the server"
	}
	if info.Info.DefaultRuntime == "" {
		return "the container engine names no runtime"
	}
	p.engine, p.runtime = found, info.Info.DefaultRuntime
	return ""
}

// PluginImage implements steps.ImageTarget.
func (p *pluginImages) PluginImage(ctx context.Context, path string) (steps.PluginImage, error) {
	if reason := p.unsupported(); reason != "" {
		return steps.PluginImage{}, fmt.Errorf("%w: %s", steps.ErrUnsupported, reason)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if image, ok := p.made[path]; ok {
		return image, nil
	}
	p.engine.sweepImages(ctx)
	name := fmt.Sprintf("plugproof/plugin-%d-%d", os.Getpid(), time.Now().UnixNano())
	digest, err := p.engine.importPlugin(ctx, name, path)
	if err != nil {
		return steps.PluginImage{}, fmt.Errorf("make an image of %s: %w", path, err)
	}
	if p.made == nil {
		p.made = map[string]steps.PluginImage{}
	}
	p.made[path] = steps.PluginImage{Name: name, Digest: digest, OCIRuntime: p.runtime}
	return p.made[path], nil
}

// PluginContainers implements steps.ImageTarget.
func (p *pluginImages) PluginContainers(ctx context.Context, plugin string) ([]steps.PluginContainer, error) {
	if reason := p.unsupported(); reason != "" {
		return nil, fmt.Errorf("%w: %s", steps.ErrUnsupported, reason)
	}
	list, err := p.engine.ContainerList(ctx, client.ContainerListOptions{
		All: true, Filters: make(client.Filters).Add("label", pluginLabel+"="+plugin),
	})
	if err != nil {
		return nil, fmt.Errorf("list the containers of %s: %w", plugin, err)
	}
	var found []steps.PluginContainer
	for _, item := range list.Items {
		info, err := p.engine.ContainerInspect(ctx, item.ID, client.ContainerInspectOptions{})
		switch {
		case errdefs.IsNotFound(err): // it was removed meanwhile
		case err != nil:
			return nil, fmt.Errorf("inspect a container of %s: %w", plugin, err)
		default:
			found = append(found, pluginContainer(info.Container.HostConfig))
		}
	}
	return found, nil
}

// removeImages removes what was made.
func (p *pluginImages) removeImages(ctx context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	var errs []error
	for path, image := range p.made {
		if _, err := p.engine.ImageRemove(ctx, image.Name, client.ImageRemoveOptions{Force: true}); err != nil {
			errs = append(errs, fmt.Errorf("remove the image of a plugin: %w; remove it yourself: docker rmi %s", err, image.Name))
		}
		delete(p.made, path)
	}
	return errors.Join(errs...)
}

// importPlugin makes an image with a static binary and nothing else, and returns its
// identifier in hex.
func (e *engine) importPlugin(ctx context.Context, name, path string) (digest string, err error) {
	binary, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	pipe, root := io.Pipe()
	go func() {
		archive := tar.NewWriter(root)
		err := archive.WriteHeader(&tar.Header{Name: "plugin", Mode: 0o755, Size: int64(len(binary))})
		if err == nil {
			_, err = archive.Write(binary)
		}
		root.CloseWithError(errors.Join(err, archive.Close()))
	}()
	defer pipe.Close()
	answer, err := e.ImageImport(ctx, client.ImageImportSource{Source: pipe, SourceName: "-"}, name, client.ImageImportOptions{
		Tag: "latest", Changes: []string{`ENTRYPOINT ["/plugin"]`, fmt.Sprintf("LABEL %s=%q", ownerLabel, owner())},
	})
	if err != nil {
		return "", err
	}
	defer answer.Close()
	if _, err := io.Copy(io.Discard, answer); err != nil {
		return "", err
	}
	info, err := e.ImageInspect(ctx, name)
	if err != nil {
		_, _ = e.ImageRemove(context.WithoutCancel(ctx), name, client.ImageRemoveOptions{Force: true})
	}
	return strings.TrimPrefix(info.ID, "sha256:"), err
}

// sweepImages removes images of plugins whose makers on this machine are gone.
func (e *engine) sweepImages(ctx context.Context) {
	found, err := e.ImageList(ctx, client.ImageListOptions{Filters: make(client.Filters).Add("label", ownerLabel)})
	if err != nil {
		return
	}
	for _, image := range found.Items {
		if abandoned(image.Labels[ownerLabel]) && slices.ContainsFunc(image.RepoTags, func(tag string) bool { return strings.HasPrefix(tag, "plugproof/plugin-") }) {
			_, _ = e.ImageRemove(ctx, image.ID, client.ImageRemoveOptions{Force: true})
		}
	}
}

// pluginContainer returns what the engine was asked for. Engines show capabilities with
// and without their prefix.
func pluginContainer(config *container.HostConfig) steps.PluginContainer {
	c := steps.PluginContainer{Memory: config.Memory}
	for _, capability := range config.CapAdd {
		c.Capabilities = append(c.Capabilities, strings.TrimPrefix(capability, "CAP_"))
	}
	return c
}

// SPDX-License-Identifier: MPL-2.0

package process

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin/runner"
	"github.com/hashicorp/go-secure-stdlib/plugincontainer"
	"github.com/hashicorp/vault/sdk/helper/consts"
	"github.com/moby/moby/api/types/container"
	dockerclient "github.com/moby/moby/client"
)

// The labels of a container: those of Vault, and whose it is.
//
// Source: vault/sdk pluginutil run_config.go.
const (
	labelPID     = "com.hashicorp.vault.pid"
	labelCluster = "com.hashicorp.vault.cluster.id"
	labelName    = "com.hashicorp.vault.plugin.name"
	labelVersion = "com.hashicorp.vault.plugin.version"
	labelType    = "com.hashicorp.vault.plugin.type"
	// labelSockets is the directory of the Pool that started the container, on the
	// host that labelHost names. It exists as long as the Pool.
	labelSockets = "io.github.plugproof.sockets"
	labelHost    = "io.github.plugproof.host"
)

// engineTimeout is how long the engine may take to remove a container.
const engineTimeout = 20 * time.Second

// pluginDirName begins the names that go-plugin gives to directories of sockets.
const pluginDirName = "plugin-dir"

// Container is what a plugin from an image needs beyond Entry. Zero values of the
// limits are none.
type Container struct {
	// Image is the name of the image, without its tag.
	Image string
	// Command replaces the image's entrypoint; it may be empty.
	Command string
	// Runtime is the catalog's name of the runtime; empty for the default.
	Runtime      string
	OCIRuntime   string
	CgroupParent string
	CPU, Memory  int64
	Rootless     bool
}

// containerConfig returns how the entry's container is made.
//
// Source: containerConfig in vault/sdk pluginutil run_config.go.
func (p *Pool) containerConfig(e Entry, env []string, socketDir string) *plugincontainer.Config {
	c := e.Container
	host, _ := os.Hostname() // without a name nothing of it is removed later
	config := &plugincontainer.Config{
		Image:        c.Image,
		Tag:          strings.TrimPrefix(e.Version, "v"),
		SHA256:       fmt.Sprintf("%x", e.SHA256),
		Env:          env,
		GroupAdd:     os.Getegid(),
		Runtime:      consts.DefaultContainerPluginOCIRuntime,
		CapIPCLock:   p.host.Mlock,
		CgroupParent: c.CgroupParent,
		NanoCpus:     c.CPU,
		Memory:       c.Memory,
		Rootless:     c.Rootless,
		Args:         e.Args,
		Labels: map[string]string{
			labelPID: strconv.Itoa(os.Getpid()), labelCluster: p.host.clusterID(),
			labelName: e.Name, labelType: e.Type.String(), labelVersion: e.Version,
			labelSockets: socketDir, labelHost: host,
		},
	}
	if c.Command != "" {
		config.Entrypoint = []string{c.Command}
	}
	if c.OCIRuntime != "" {
		config.Runtime = c.OCIRuntime
	}
	return config
}

// containerRunner is the container of a child, and the connection to the engine that ends
// it. plugincontainer asks the container to stop and waits up to ten seconds for it.
type containerRunner struct {
	runner.Runner
	engine *dockerclient.Client
	// begun: there was a container.
	begun  atomic.Bool
	ctx    context.Context //nolint:containedctx // of the container's life
	cancel context.CancelFunc
}

// newContained prepares the child of a container; go-plugin starts it.
func (proc *process) newContained(config *plugincontainer.Config, logger hclog.Logger, cmd *exec.Cmd, dir string) (*child, error) {
	started, err := config.NewContainerRunner(logger, cmd, dir)
	if err != nil {
		return nil, err
	}
	engine, err := dockerclient.New(dockerclient.FromEnv)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	c := &child{
		dir: dir, beforeWait: proc.drainAfterExit,
		container: &containerRunner{Runner: started, engine: engine, ctx: ctx, cancel: cancel},
		stdout:    &stdout{hint: proc.pool.host.HandshakeHint},
		stderr:    &stderr{ended: make(chan struct{})},
		exited:    make(chan struct{}),
	}
	proc.keep(c)
	return c, nil
}

// removeOrphans removes the containers of servers on this host that were killed. Such
// a server's directory for sockets is gone when this Pool has made its own.
func removeOrphans(ctx context.Context, engine *dockerclient.Client) {
	host, err := os.Hostname()
	if err != nil {
		return
	}
	list, err := engine.ContainerList(ctx, dockerclient.ContainerListOptions{
		All: true, Filters: make(dockerclient.Filters).Add("label", labelHost+"="+host),
	})
	if err != nil {
		return // starting a container will say why
	}
	for _, item := range list.Items {
		if _, err := os.Lstat(item.Labels[labelSockets]); errors.Is(err, os.ErrNotExist) {
			_, _ = engine.ContainerRemove(ctx, item.ID, dockerclient.ContainerRemoveOptions{Force: true})
			removeMounted(item.Mounts)
		}
	}
}

// removeMounted removes what was mounted into a container: the directory of its socket,
// which is in another place than other sockets where the server has a Tmpdir.
func removeMounted(mounts []container.MountPoint) {
	for _, m := range mounts {
		if strings.HasPrefix(filepath.Base(m.Source), pluginDirName) {
			_ = os.RemoveAll(m.Source)
		}
	}
}

// startContainer is Start for a child in a container.
func (c *child) startContainer(ctx context.Context) error {
	removeOrphans(ctx, c.container.engine)
	err := c.container.Start(ctx)
	c.container.begun.Store(c.container.ID() != "")
	if err != nil {
		c.container.remove()
		c.removeFiles()
		c.result = err
		close(c.exited)
		return err
	}
	c.watchContainer(ctx)
	if c.killOnStart.Load() {
		return c.Kill(ctx)
	}
	return nil
}

// watchContainer closes exited when the engine has removed the container, as it does
// when the plugin has ended.
func (c *child) watchContainer(ctx context.Context) {
	c.stdout.ReadCloser, c.stderr.ReadCloser = c.container.Stdout(), c.container.Stderr()
	id := c.container.ID()
	wait := c.container.engine.ContainerWait(c.container.ctx, id, dockerclient.ContainerWaitOptions{Condition: container.WaitConditionRemoved})
	if info, err := c.container.engine.ContainerInspect(ctx, id, dockerclient.ContainerInspectOptions{}); err == nil && info.Container.State != nil {
		c.pid.Store(int64(info.Container.State.Pid))
	}
	go func() {
		select {
		case answer := <-wait.Result:
			if answer.StatusCode != 0 {
				c.result = &containerExit{code: int(answer.StatusCode)}
			}
		case err := <-wait.Error: // it is gone, or the engine is
			c.result = err
		}
		c.container.remove()
		close(c.exited)
	}()
}

// containerExit is the error of a plugin in a container that ended with a code.
type containerExit struct{ code int }

func (e *containerExit) Error() string { return "exit status " + strconv.Itoa(e.code) }

// remove kills the container and closes the connections to the engine.
func (c *containerRunner) remove() {
	ctx, cancel := context.WithTimeout(context.Background(), engineTimeout)
	defer cancel()
	if id := c.ID(); id != "" {
		_, _ = c.engine.ContainerRemove(ctx, id, dockerclient.ContainerRemoveOptions{Force: true})
	}
	_ = c.Kill(ctx) // closes its connection: nothing runs any more
	c.cancel()
	_ = c.engine.Close()
}

// crash kills the process as if somebody else had.
func (c *child) crash() error {
	if c.container == nil {
		return c.cmd.Process.Kill()
	}
	_, err := c.container.engine.ContainerKill(context.Background(), c.container.ID(), dockerclient.ContainerKillOptions{Signal: "KILL"})
	return err
}

// SPDX-License-Identifier: MPL-2.0

package steps

import "context"

// PluginLogReader is a Server that knows what each plugin logged (PluginLogs).
type PluginLogReader interface {
	Server
	// PluginLog returns what the plugin of that registration logged or printed to
	// stderr so far, oldest first.
	PluginLog(ctx context.Context, registration string) ([]string, error)
}

// PluginLog returns the lines that the plugin of a registration logged so far.
func PluginLog(ctx context.Context, server Server, registration string) ([]string, error) {
	reader, ok := as[PluginLogReader](server)
	if !ok {
		return nil, lacking(server, PluginLogs)
	}
	return reader.PluginLog(ctx, registration)
}

// PluginLogAwaiter is a Server that knows when a plugin has logged all.
type PluginLogAwaiter interface {
	PluginLogReader
	// AwaitPluginLog returns when all that the plugin of that registration has logged
	// until now is in PluginLog. It fails where that is not known.
	AwaitPluginLog(ctx context.Context, registration string) error
}

// awaitPluginLog reports whether all that a plugin has logged until now is known to be in
// PluginLog.
func awaitPluginLog(ctx context.Context, server Server, registration string) bool {
	awaiter, ok := as[PluginLogAwaiter](server)
	if !ok {
		return false
	}
	bounded, cancel := context.WithTimeout(ctx, soon)
	defer cancel()
	return awaiter.AwaitPluginLog(bounded, registration) == nil
}

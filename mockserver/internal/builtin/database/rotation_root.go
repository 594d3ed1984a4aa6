// SPDX-License-Identifier: MPL-2.0

package database

import (
	"context"

	"github.com/hashicorp/vault/sdk/helper/automatedrotationutil"
	"github.com/hashicorp/vault/sdk/logical"
	"github.com/hashicorp/vault/sdk/rotation"
)

// skipImport is the field that only Vault Enterprise obeys.
const skipImport = "skip_static_role_import_rotation"

// rotationPolicy is a field that is newer than the servers that were read.
const rotationPolicy = "rotation_policy"

// rotationFields are the fields of a configuration about the rotation of its root
// credentials (AddAutomatedRotationFields in vault/sdk).
func rotationFields() fields {
	all := fields{}
	automatedrotationutil.AddAutomatedRotationFields(all)
	delete(all, rotationPolicy)
	return all
}

// showRotation adds what a configuration says about rotation to what is shown of it.
func (c *configuration) showRotation(data map[string]any) {
	c.Rotation.PopulateAutomatedRotationData(data)
	delete(data, rotationPolicy)
	data[skipImport] = false
}

// scheduleRotation asks the server to rotate the root credentials, or not to do so any
// more. The answer is not nil when it refuses, which leaves the new connection in use and
// the old configuration stored (connectionWriteHandler in builtin/logical/database).
func (b *backend) scheduleRotation(ctx context.Context, req *logical.Request, c *configuration) *logical.Response {
	switch {
	case !b.dialect.Database.RotatesRoot:
	case c.Rotation.ShouldDeregisterRotationJob():
		err := b.System().DeregisterRotationJob(ctx, &rotation.RotationJobDeregisterRequest{MountPoint: req.MountPoint, ReqPath: req.Path})
		if err != nil {
			return logical.ErrorResponse("error deregistering rotation job: %s", err)
		}
	case c.Rotation.ShouldRegisterRotationJob():
		_, err := b.System().RegisterRotationJob(ctx, &rotation.RotationJobConfigureRequest{
			MountPoint: req.MountPoint, ReqPath: req.Path,
			RotationSchedule: c.Rotation.RotationSchedule, RotationWindow: c.Rotation.RotationWindow, RotationPeriod: c.Rotation.RotationPeriod,
		})
		if err != nil {
			return logical.ErrorResponse("error registering rotation job: %s", err)
		}
	}
	return nil
}

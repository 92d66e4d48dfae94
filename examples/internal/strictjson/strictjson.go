// Package strictjson decodes messages that must be what they are said to be: one JSON value, without fields that nobody declared.
package strictjson

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
)

// Unmarshal decodes b into dst as encoding/json does. Errors: its own, one for an unknown field, and one for anything but white space
// behind the value.
func Unmarshal(b []byte, dst any) error {
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(dst); err != nil {
		return err
	}
	if _, err := d.Token(); err != io.EOF {
		return errors.New("data after the value")
	}
	return nil
}

package sector

import "errors"

// Sentinels for callers that branch; each is wrapped with what was got and wanted.
var (
	// ErrSize says that a number is no sector size.
	ErrSize = errors.New("sector: no such sector size")
	// ErrProofType says that a registered proof number, API version, feature or their combination is
	// not one of the network's.
	ErrProofType = errors.New("sector: no such proof type")
	// ErrCommitment says that 32 bytes are no possible commitment of the kind asked for.
	ErrCommitment = errors.New("sector: not a commitment")
	// ErrCID says that a text or byte string is not the CID of a commitment of the kind asked for.
	ErrCID = errors.New("sector: not a commitment's CID")
	// ErrAux says that bytes are no p_aux or t_aux file.
	ErrAux = errors.New("sector: malformed aux file")
)

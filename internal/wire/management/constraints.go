package management

import "gatehouse/internal/wire"

// invalid is the type of a refused input. Only a message without a body could break a constraint here. [unverified]
const invalid = "BadRequestException"

// constraints is empty: the model bounds Data to 131072 bytes, but its refusal has a type of its own (PayloadTooLargeException, 413),
// which the service gives.
func constraints() map[string]wire.Constraint { return nil }

// emptyIsNull is empty: no such map is recorded.
func emptyIsNull() map[string]bool { return nil }

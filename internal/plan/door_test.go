package plan

import (
	"gatehouse/internal/flow"
	"gatehouse/internal/mapping"
)

// failAtDoor does what the door does with a request that finds no handler.
func failAtDoor(x *flow.Exchange, err error) { mapping.Fail(x, err) }

package acd

import (
	"context"
	"time"
)

// Stamp is a moment on both clocks. Wall alone survives a reboot; Boot and Mono
// let a restarted process measure true remaining time while the machine ran on.
type Stamp struct {
	Wall time.Time     `json:"wall"`
	Boot string        `json:"boot,omitempty"` // boot id of the machine
	Mono time.Duration `json:"mono,omitempty"` // CLOCK_BOOTTIME
}

// Event is one fact of the floor. Events are immutable once made; replayed in
// order they rebuild the floor.
type Event struct {
	Seq        uint64        `json:"seq"`
	At         Stamp         `json:"at"`
	Kind       string        `json:"kind"` // see the Kind* list in the floor
	Agent      string        `json:"agent,omitempty"`
	Phone      string        `json:"phone,omitempty"`
	Queue      string        `json:"queue,omitempty"`
	Call       string        `json:"call,omitempty"`
	Ticket     uint64        `json:"ticket,omitempty"`
	Assignment uint64        `json:"assignment,omitempty"`
	State      AgentState    `json:"state,omitempty"`
	Reason     string        `json:"reason,omitempty"`
	Until      Stamp         `json:"until,omitzero"`
	Length     time.Duration `json:"length,omitempty"`
	Level      int           `json:"level,omitempty"`
}

// Ledger keeps the floor's events over a crash. store implements it; the floor's
// own goroutine never calls it.
type Ledger interface {
	// Append makes the events durable, in order, all or none. Their Seq is set
	// by the floor and strictly growing; a Seq at or below the last is an error.
	Append(ctx context.Context, events []Event) error
	// Load gives the newest snapshot (nil if none) and the events after it.
	Load(ctx context.Context) (snapshot []byte, events []Event, err error)
	// Compact stores a snapshot of everything up to seq and deletes those
	// events, in one transaction.
	Compact(ctx context.Context, seq uint64, snapshot []byte) error
}

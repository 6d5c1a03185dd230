// Package figures computes from the floor's events what a call centre reports, and how
// many agents it needs. It is pure: no clock, no disk, no wire. What is protected is
// not among an agent's figures because their types have no place for it.
package figures

// Package figures computes from the floor's events what a call centre reports, and how
// many agents it needs. It is pure: no clock, no disk, no wire.
//
// An Engine takes the events one by one and can be asked for any period at any time: what
// is live and what is read from the history years later come from the same code. Each
// fact counts in the period that holds its moment, so the figures of a day are exactly
// those of its quarter hours added up. docs/figures.md holds every formula.
//
// A Book keeps the newest facts in memory: so many as Settings.AtHand says and half as many
// callers, each of some 60 bytes; of the day and of the last quarter of an hour the sums of
// what was let go. So its memory does not grow with the calls that come and go.
//
// What is protected is not among an agent's figures: they are made of shield.OwnWork and
// shield.OwnSpell, which cannot be made of protected work. Nothing here gives the
// figures of more than one person at a time, so nothing can rank people.
package figures

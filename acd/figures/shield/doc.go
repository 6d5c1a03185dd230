// Package shield tells what agents did, from the floor's events, in such a way that
// protected work cannot be read as an agent's own.
//
// Everything about an agent is a Work (one offer and what came of it) or a Spell (a
// stretch of time in one state). Both keep their facts to themselves. Own gives a Work
// or Spell as an agent's figures may know it, and gives nothing for what is protected:
// OwnWork and OwnSpell can be made in no other way. ForQueue gives the same facts
// without the person. Whoever writes a formula takes one of the two types and so cannot
// forget the rule.
//
// Protected is a conversation with a warning, a crisis or a one strike, one whose agent
// was lost or that ended in a rest, one that a crash cut off, and every other
// conversation of the same call; from the ring to the end of the rest.
package shield

// Package call is a call from INVITE to its record: the only place where sound,
// menu, queue and protection meet. It never sees a SIP header and keeps nothing
// over a restart itself.
package call

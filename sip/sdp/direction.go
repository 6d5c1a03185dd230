package sdp

// Direction is which way sound may flow, as seen from whoever wrote it (RFC 3264 §5.1).
type Direction uint8

// The directions.
const (
	SendRecv Direction = iota // both; what no attribute at all means
	SendOnly                  // the writer only sends: it holds the other
	RecvOnly                  // the writer only listens
	Inactive                  // neither
)

// String gives the SDP attribute.
func (d Direction) String() string {
	switch d {
	case SendOnly:
		return "sendonly"
	case RecvOnly:
		return "recvonly"
	case Inactive:
		return "inactive"
	case SendRecv:
		return "sendrecv"
	}
	return "sendrecv"
}

func (d Direction) sends() bool    { return d == SendRecv || d == SendOnly }
func (d Direction) receives() bool { return d == SendRecv || d == RecvOnly }

func flow(send, recv bool) Direction {
	switch {
	case send && recv:
		return SendRecv
	case send:
		return SendOnly
	case recv:
		return RecvOnly
	}
	return Inactive
}

// answering is what we say when we wish d and the party offered theirs: we send
// only what it receives and the reverse (RFC 3264 §6.1).
func (d Direction) answering(theirs Direction) Direction {
	return flow(d.sends() && theirs.receives(), d.receives() && theirs.sends())
}

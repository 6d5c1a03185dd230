package transaction

// cell is what an event does in a state. One without verbs is not in the table and means:
// nothing, stay.
type cell struct {
	next State
	do   []Verb
}

type row [events]cell

// begin is the first step of each machine. An INVITE server begins in Proceeding
// because its owner sends the 100 at once.
var begin = [kinds]cell{
	InviteClient:    {Calling, []Verb{Send, ArmRetransmit, ArmExpire}},
	NonInviteClient: {Trying, []Verb{Send, ArmRetransmit, ArmExpire}},
	InviteServer:    {Proceeding, nil},
	NonInviteServer: {Trying, nil},
}

// table is the four machines. Read a row as: in this state, when this happens, go
// there and do that.
var table = [kinds][states]row{
	InviteClient: {
		Calling: {
			Provisional:     {Proceeding, []Verb{Disarm, Deliver}},
			Success:         {Accepted, []Verb{Disarm, ArmLinger, Deliver}},
			Failure:         {Completed, []Verb{Disarm, SendAck, Deliver, ArmLinger}},
			Retransmit:      {Calling, []Verb{Send, ArmRetransmit}},
			Expire:          {Terminated, []Verb{TellTimeout, End}},
			TransportFailed: {Terminated, []Verb{TellBroken, End}},
		},
		Proceeding: {
			Provisional: {Proceeding, []Verb{Deliver}},
			Success:     {Accepted, []Verb{ArmLinger, Deliver}},
			Failure:     {Completed, []Verb{SendAck, Deliver, ArmLinger}},
		},
		Completed: { // a repeated final is acknowledged again and not told again
			Failure:         {Completed, []Verb{SendAck}},
			Linger:          {Terminated, []Verb{End}},
			TransportFailed: {Terminated, []Verb{End}}, // only the ACK: the user has its answer
		},
		Accepted: { // RFC 6026 §8.4: every 2xx is the user's, it repeats the ACK
			Success: {Accepted, []Verb{Deliver}},
			Linger:  {Terminated, []Verb{End}},
		},
	},
	NonInviteClient: {
		Trying: {
			Provisional:     {Proceeding, []Verb{Deliver}},
			Success:         {Completed, []Verb{Disarm, Deliver, ArmLinger}},
			Failure:         {Completed, []Verb{Disarm, Deliver, ArmLinger}},
			Retransmit:      {Trying, []Verb{Send, ArmRetransmit}},
			Expire:          {Terminated, []Verb{TellTimeout, End}},
			TransportFailed: {Terminated, []Verb{TellBroken, End}},
		},
		Proceeding: {
			Provisional:     {Proceeding, []Verb{Deliver}},
			Success:         {Completed, []Verb{Disarm, Deliver, ArmLinger}},
			Failure:         {Completed, []Verb{Disarm, Deliver, ArmLinger}},
			Retransmit:      {Proceeding, []Verb{Send, ArmRetransmit}},
			Expire:          {Terminated, []Verb{TellTimeout, End}},
			TransportFailed: {Terminated, []Verb{TellBroken, End}},
		},
		Completed: {
			Linger: {Terminated, []Verb{End}},
		},
	},
	InviteServer: {
		Proceeding: {
			Provisional:     {Proceeding, []Verb{Send}},
			Success:         {Accepted, []Verb{Send, ArmLinger}},
			Failure:         {Completed, []Verb{Send, ArmRetransmit, ArmExpire}},
			Request:         {Proceeding, []Verb{Send}},
			TransportFailed: {Terminated, []Verb{TellBroken, End}},
		},
		Completed: {
			Request:         {Completed, []Verb{Send}},
			Ack:             {Confirmed, []Verb{Disarm, ArmLinger}},
			Retransmit:      {Completed, []Verb{Send, ArmRetransmit}},
			Expire:          {Terminated, []Verb{TellTimeout, End}},
			TransportFailed: {Terminated, []Verb{TellBroken, End}},
		},
		Confirmed: { // absorbs further ACKs until timer I
			Linger: {Terminated, []Verb{End}},
		},
		Accepted: { // RFC 6026 §8.5: absorbs the INVITE; the user repeats the 2xx and hears a stray ACK
			Success:         {Accepted, []Verb{Send}},
			Ack:             {Accepted, []Verb{Deliver}},
			Linger:          {Terminated, []Verb{End}},
			TransportFailed: {Accepted, []Verb{TellBroken}},
		},
	},
	NonInviteServer: {
		Trying: {
			Provisional: {Proceeding, []Verb{Send}},
			Success:     {Completed, []Verb{Send, ArmLinger}},
			Failure:     {Completed, []Verb{Send, ArmLinger}},
		},
		Proceeding: {
			Provisional:     {Proceeding, []Verb{Send}},
			Success:         {Completed, []Verb{Send, ArmLinger}},
			Failure:         {Completed, []Verb{Send, ArmLinger}},
			Request:         {Proceeding, []Verb{Send}},
			TransportFailed: {Terminated, []Verb{TellBroken, End}},
		},
		Completed: {
			Request:         {Completed, []Verb{Send}},
			Linger:          {Terminated, []Verb{End}},
			TransportFailed: {Terminated, []Verb{TellBroken, End}},
		},
	},
}

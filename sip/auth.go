package sip

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"strings"
	"time"

	"github.com/emiago/sipgo/sip"

	"breakwater/sip/digest"
	"breakwater/sip/wire"
)

// stranger judges a request that would begin something before it costs any state:
// who proves nothing, or wrongly, is challenged here, with an answer that is the
// same for every repetition (RFC 3261 §22 and §8.2.7). proof is the verdict on who
// proved itself; nil where the mailbox has to judge, because the request may be a
// repetition, whose nonce-count must not be used twice.
func (s *Server) stranger(from hop, req *sip.Request) (proof *digest.Verdict, refused bool) {
	if req.Method != sip.INVITE && req.Method != sip.REGISTER {
		s.withoutState(from, req)
		return nil, true
	}
	if s.office.has(callIDOf(req)) || req.IsInvite() && s.callingTrunk(from, req) != nil {
		return nil, false
	}
	v := s.judge(req)
	if v.OK {
		return &v, false
	}
	s.authFailed(from, req, v)
	var headers []sip.Header
	for _, c := range v.Challenges {
		headers = append(headers, sip.NewHeader("WWW-Authenticate", c))
	}
	s.stateless(from, req, sip.StatusUnauthorized, headers)
	return nil, true
}

// callingTrunk is the trunk whose address a call comes from. A phone of ours that
// registered from the very same address and port is that phone, not the trunk.
func (s *Server) callingTrunk(from hop, req *sip.Request) *trunk {
	t := s.plan().trunkAt(from.remote.Addr())
	if t == nil {
		return nil
	}
	for _, target := range s.book.Lookup(time.Now(), req.From().Address.User) {
		if target.Source.Addr == from.remote {
			return nil
		}
	}
	return t
}

// judge asks the guard about a request.
func (s *Server) judge(req *sip.Request) digest.Verdict {
	r := s.plan()
	return r.guard.Check(time.Now(), digest.Request{
		Method: string(req.Method), URI: req.Recipient.String(),
		Authorization: headerValues(req, "authorization"), Claimed: req.From().Address.User,
	}, r.account)
}

// proof is the verdict reached before, or a new one.
func (s *Server) proof(req *sip.Request, before *digest.Verdict) digest.Verdict {
	if before != nil {
		return *before
	}
	return s.judge(req)
}

// identify tells who sends an INVITE, or gives the refusal.
func (s *Server) identify(from hop, req *sip.Request, proof *digest.Verdict) (caller, *sip.Response) {
	if t := s.callingTrunk(from, req); t != nil {
		s.wire.trust(from)
		return caller{trunk: t}, nil
	}
	verdict := s.proof(req, proof)
	if !verdict.OK {
		return caller{}, s.unproven(from, req, verdict)
	}
	s.proven(from, time.Now().Add(provenByCall))
	if _, ok := s.plan().phones[verdict.User]; ok {
		return caller{phone: verdict.User}, nil
	}
	if t := s.plan().trunkOf(verdict.User); t != nil {
		return caller{trunk: t}, nil
	}
	return caller{}, reply(req, sip.StatusForbidden, newTag()) // taken out of the config just now
}

// provenByCall is how long a source that authenticated a call is not limited.
const provenByCall = 10 * time.Minute

// proven remembers a source that authenticated: it is not limited, and its stream
// may stay.
func (s *Server) proven(from hop, until time.Time) {
	s.wire.trust(from)
	s.limiter.Proven(from.remote, until)
}

// unproven asks again: the same answer for a wrong password and an unknown name.
func (s *Server) unproven(from hop, req *sip.Request, v digest.Verdict) *sip.Response {
	s.authFailed(from, req, v)
	res := reply(req, sip.StatusUnauthorized, newTag())
	for _, c := range v.Challenges {
		res.AppendHeader(sip.NewHeader("WWW-Authenticate", c))
	}
	return res
}

// statelessTag is the same for all repetitions of a request.
func statelessTag(req *sip.Request) string {
	branch, _ := wire.Param(req.Via().Params, "branch")
	from, _ := wire.Param(req.From().Params, "tag")
	sum := sha256.Sum256([]byte(strings.Join([]string{callIDOf(req), from, branch, strconv.Itoa(int(req.CSeq().SeqNo))}, "\x00")))
	return hex.EncodeToString(sum[:8])
}

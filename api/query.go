package api

import (
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"breakwater/call"
)

const (
	fewRecords  = 100  // when no limit is given
	mostRecords = 1000 // at once
	longValue   = 256  // characters of a name, number or id
)

// recordQuery reads the filters of /v1/records. Records come by time; there is no
// order by anything else, and so no ranking.
func recordQuery(from url.Values) (call.Query, error) {
	given, err := once(from, "id", "caller", "agent", "queue", "from", "to", "limit")
	if err != nil {
		return call.Query{}, err
	}
	q := call.Query{ID: given["id"], Caller: given["caller"], Agent: given["agent"], Queue: given["queue"], Limit: fewRecords}
	for name, at := range map[string]*time.Time{"from": &q.From, "to": &q.To} {
		text, ok := given[name]
		if !ok {
			continue
		}
		if *at, err = time.Parse(time.RFC3339, text); err != nil {
			return call.Query{}, badRequest("%s: %q is not a time; write for example 2026-01-31T09:00:00Z (RFC 3339; a + is written %%2B)", name, text)
		}
	}
	if !q.From.IsZero() && !q.To.IsZero() && !q.From.Before(q.To) {
		return call.Query{}, badRequest("to: %s is not after from", given["to"])
	}
	if text, ok := given["limit"]; ok {
		q.Limit, err = strconv.Atoi(text)
		if err != nil || q.Limit < 1 || q.Limit > mostRecords {
			return call.Query{}, badRequest("limit: %q is not a number from 1 to %d", text, mostRecords)
		}
	}
	return q, nil
}

// once reads parameters of which each may stand once, with something in it; any
// other is an error that names it.
func once(from url.Values, known ...string) (map[string]string, error) {
	given := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(from)) {
		values := from[name]
		switch {
		case !slices.Contains(known, name):
			return nil, badRequest("%s: no such parameter; known: %s", short(name), strings.Join(known, ", "))
		case len(values) > 1:
			return nil, badRequest("%s: given %d times", name, len(values))
		case values[0] == "":
			return nil, badRequest("%s: is empty", name)
		case len(values[0]) > longValue:
			return nil, badRequest("%s: longer than %d characters", name, longValue)
		}
		given[name] = values[0]
	}
	return given, nil
}

// short keeps a stranger's text from filling the answer.
func short(text string) string {
	if len(text) > 32 {
		return strconv.Quote(text[:32]) + "…"
	}
	return strconv.Quote(text)
}

package redis

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"breakwater/call"
)

// sweptAfter is how long an expired registration may lie about.
const sweptAfter = time.Hour

// member names a registration: no AOR holds a NUL.
func member(aor, id string) string { return aor + "\x00" + id }

// Bindings implements call.Directory.
func (s *Store) Bindings(ctx context.Context) ([]call.Binding, error) {
	names := []string{s.keys.of("bindings"), s.keys.of("bindings", "expiry")}
	got, err := s.ops.bindings.Run(ctx, s.db, names, time.Now().UnixMilli()).StringSlice()
	if err != nil {
		return nil, fmt.Errorf("read bindings: %w", s.judge(err))
	}
	all := make([]call.Binding, 0, len(got)/3)
	for one := range slices.Chunk(got, 3) {
		aor, id, _ := strings.Cut(one[0], "\x00")
		expires, err := strconv.ParseInt(one[2], 10, 64)
		if err != nil {
			return nil, fmt.Errorf("read binding of %s: %w", aor, err)
		}
		all = append(all, call.Binding{AOR: aor, ID: id, Expires: time.UnixMilli(expires), Wire: []byte(one[1])})
	}
	slices.SortFunc(all, func(a, b call.Binding) int { return strings.Compare(member(a.AOR, a.ID), member(b.AOR, b.ID)) })
	return all, nil
}

// Bind implements call.Directory.
func (s *Store) Bind(ctx context.Context, b call.Binding) error {
	names := []string{s.keys.of("bindings"), s.keys.of("bindings", "expiry")}
	err := s.write(ctx, s.ops.bind, names, member(b.AOR, b.ID), b.Wire, b.Expires.UnixMilli(), time.Now().Add(-sweptAfter).UnixMilli())
	if err != nil {
		return fmt.Errorf("bind %s: %w", b.AOR, err)
	}
	return nil
}

// Unbind implements call.Directory.
func (s *Store) Unbind(ctx context.Context, aor, id string) error {
	names := []string{s.keys.of("bindings"), s.keys.of("bindings", "expiry")}
	if err := s.write(ctx, s.ops.unbind, names, member(aor, id)); err != nil {
		return fmt.Errorf("unbind %s: %w", aor, err)
	}
	return nil
}

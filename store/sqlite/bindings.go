package sqlite

import (
	"context"
	"fmt"
	"time"

	"breakwater/call"
)

// Bindings implements call.Directory.
func (s *Store) Bindings(ctx context.Context) ([]call.Binding, error) {
	rows, err := s.read.QueryContext(ctx,
		`SELECT aor, id, expires, wire FROM bindings WHERE expires > ? ORDER BY aor, id`, time.Now().UnixMilli())
	if err != nil {
		return nil, fmt.Errorf("read bindings: %w", err)
	}
	defer rows.Close()
	var all []call.Binding
	for rows.Next() {
		var b call.Binding
		var expires int64
		if err := rows.Scan(&b.AOR, &b.ID, &expires, &b.Wire); err != nil {
			return nil, fmt.Errorf("read bindings: %w", err)
		}
		b.Expires = time.UnixMilli(expires)
		all = append(all, b)
	}
	return all, rows.Err()
}

// Bind implements call.Directory.
func (s *Store) Bind(ctx context.Context, b call.Binding) error {
	wire := append([]byte{}, b.Wire...)
	return s.write.write(ctx, func(ctx context.Context) error {
		_, err := s.write.stmts.bind.ExecContext(ctx, b.AOR, b.ID, b.Expires.UnixMilli(), wire)
		if err != nil {
			return fmt.Errorf("bind %s: %w", b.AOR, err)
		}
		return nil
	})
}

// Unbind implements call.Directory. What has expired long ago goes with it.
func (s *Store) Unbind(ctx context.Context, aor, id string) error {
	return s.write.write(ctx, func(ctx context.Context) error {
		_, err := s.write.stmts.unbind.ExecContext(ctx, aor, id, time.Now().Add(-time.Hour).UnixMilli())
		if err != nil {
			return fmt.Errorf("unbind %s: %w", aor, err)
		}
		return nil
	})
}

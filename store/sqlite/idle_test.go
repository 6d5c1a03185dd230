package sqlite

import (
	"database/sql"
	"testing"
	"testing/synctest"
	"time"
)

func TestConnectionsThatNobodyReadsByAreGivenBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := opened(t)
		read := func(n int) {
			t.Helper()
			var all []*sql.Conn
			for range n {
				c, err := s.read.Conn(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				all = append(all, c)
			}
			for _, c := range all {
				if err := c.Close(); err != nil { // back to those that are idle
					t.Fatal(err)
				}
			}
		}
		read(readers)
		if n := s.read.Stats().OpenConnections; n != readers {
			t.Errorf("%d connections are open when %d were needed a moment ago", n, readers)
		}
		<-time.After(2*readerIdle + time.Second) // who cleans up comes as seldom
		if n := s.read.Stats().OpenConnections; n != 0 {
			t.Errorf("%d connections are open that nobody needs", n)
		}
		read(1)
		if n := s.write.db.Stats().OpenConnections; n != 1 {
			t.Errorf("%d connections to write by, want the one with its prepared statements", n)
		}
	})
}

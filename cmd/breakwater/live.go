package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"
)

// server is how a live command reaches a running server.
type server struct {
	API   string `help:"URL of the server's api." default:"http://127.0.0.1:8080" env:"BREAKWATER_API"`
	Token string `help:"File that holds the api token." default:"var/api-token" type:"path" env:"BREAKWATER_TOKEN_FILE"`
}

// get fetches a path of the api into v.
func (s server) get(path string, v any) error {
	body, err := s.fetch(path)
	if err != nil {
		return err
	}
	return json.Unmarshal(body, v)
}

// mostFetched is the longest answer that is kept in memory, bytes.
const mostFetched = 64 << 20

// fetch gives what the api answers at a path.
func (s server) fetch(path string) ([]byte, error) {
	var body bytes.Buffer
	err := s.pour(path, 10*time.Second, func(answer io.Reader) error {
		n, err := body.ReadFrom(io.LimitReader(answer, mostFetched+1))
		if n > mostFetched {
			return fmt.Errorf("%s: the answer is longer than %d MiB: ask for less", path, mostFetched>>20)
		}
		return err
	})
	return body.Bytes(), err
}

// pour hands on what the api answers at a path, as it comes. What to says of itself is its error;
// that of an answer that breaks off is told as such.
func (s server) pour(path string, patience time.Duration, to func(io.Reader) error) error {
	token, err := os.ReadFile(s.Token)
	if err != nil {
		return fmt.Errorf("read token: %w", err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimSuffix(s.API, "/")+path, nil)
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+strings.TrimSpace(string(token)))
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return fmt.Errorf("ask the server: %w", err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		body, _ := io.ReadAll(io.LimitReader(resp.Body, 1<<20)) // of a refusal what there is
		return refused(path, resp.Status, body)
	}
	answer := &answered{from: resp.Body}
	err = to(answer)
	if answer.broke != nil {
		return fmt.Errorf("read the answer: %w", answer.broke)
	}
	return err
}

// answered is an answer of the api that knows whether it broke off.
type answered struct {
	from  io.Reader
	broke error
}

func (a *answered) Read(b []byte) (int, error) {
	n, err := a.from.Read(b)
	if err != nil && !errors.Is(err, io.EOF) { // which io.ErrUnexpectedEOF is not
		a.broke = err
	}
	return n, err
}

// refused is what the server says of a question that it does not answer: its own
// sentence, where there is one.
func refused(path, status string, body []byte) error {
	var said struct {
		Error string `json:"error"`
	}
	if json.Unmarshal(body, &said) == nil && said.Error != "" {
		return errors.New(said.Error)
	}
	return fmt.Errorf("%s: %s: %s", path, status, strings.TrimSpace(string(body)))
}

type statusCommand struct {
	server `embed:""`
}

// Run prints the status as indented JSON.
func (c statusCommand) Run() error {
	var v any
	if err := c.get("/v1/status", &v); err != nil {
		return err
	}
	out := json.NewEncoder(os.Stdout)
	out.SetIndent("", "  ")
	return out.Encode(v)
}

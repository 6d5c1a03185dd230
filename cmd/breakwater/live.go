package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"
)

// server is how a live command reaches a running server.
type server struct {
	API   string `help:"URL of the server's api." default:"http://127.0.0.1:8080" env:"BREAKWATER_API"`
	Token string `help:"File that holds the api token." default:"var/api-token" type:"existingfile" env:"BREAKWATER_TOKEN_FILE"`
}

// get fetches a path of the api into v.
func (s server) get(path string, v any) error {
	token, err := os.ReadFile(s.Token)
	if err != nil {
		return fmt.Errorf("read token: %w", err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
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
	body, err := io.ReadAll(io.LimitReader(resp.Body, 64<<20))
	if err != nil {
		return fmt.Errorf("read the answer: %w", err)
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s: %s", path, resp.Status, strings.TrimSpace(string(body)))
	}
	return json.Unmarshal(body, v)
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

type whyCommand struct {
	server `embed:""`
	Call   string `help:"Id of a waiting call." xor:"whom" required:""`
	Agent  string `help:"Name of an agent." xor:"whom" required:""`
}

// Run prints the reasons, one a line.
func (c whyCommand) Run() error {
	var answer struct {
		Why []string `json:"why"`
	}
	path := "/v1/why?call=" + url.QueryEscape(c.Call)
	if c.Agent != "" {
		path = "/v1/why?agent=" + url.QueryEscape(c.Agent)
	}
	if err := c.get(path, &answer); err != nil {
		return err
	}
	for _, line := range answer.Why {
		fmt.Println(line)
	}
	return nil
}

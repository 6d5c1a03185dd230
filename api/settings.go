package api

import (
	"fmt"
	"net"
	"net/netip"
	"strconv"
)

// Settings of the admin face.
type Settings struct {
	Listen    string `yaml:"listen"`     // address and port of the HTTP face; keep it on loopback unless a proxy with TLS stands before it; default 127.0.0.1:8080
	TokenFile string `yaml:"token_file"` // file that holds the bearer token of the admin; made at first start when missing; default var/api-token
}

// WithDefaults fills every setting that is empty.
func (s Settings) WithDefaults() Settings {
	if s.Listen == "" {
		s.Listen = "127.0.0.1:8080"
	}
	if s.TokenFile == "" {
		s.TokenFile = "var/api-token"
	}
	return s
}

// Check says what is wrong with the settings, by the key in the config.
func (s Settings) Check() map[string]string {
	listen := s.WithDefaults().Listen
	host, port, err := net.SplitHostPort(listen)
	if err != nil {
		return map[string]string{"listen": fmt.Sprintf("%q is not address:port; write for example 127.0.0.1:8080", listen)}
	}
	if _, err := netip.ParseAddr(host); err != nil && host != "" && host != "localhost" {
		return map[string]string{"listen": fmt.Sprintf("%q is not an IP address; write for example 127.0.0.1:8080", host)}
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return map[string]string{"listen": fmt.Sprintf("%q is not a port; a port is 0–65535", port)}
	}
	return nil
}

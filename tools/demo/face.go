package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"breakwater/acd"
)

// agents is what the server's status address shows of its agents: what a supervisor
// would see.
func (st *stage) agents(ctx context.Context) ([]acd.AgentView, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+st.house.API.Addr().String()+"/v1/agents", nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", "Bearer "+st.house.Token())
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, fmt.Errorf("ask the status address: %w", err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("the status address says %s", res.Status)
	}
	var views []acd.AgentView
	if err := json.NewDecoder(res.Body).Decode(&views); err != nil {
		return nil, fmt.Errorf("read the agents: %w", err)
	}
	return views, nil
}

// agent is how one agent is shown now.
func (st *stage) agent(ctx context.Context, name string) (acd.AgentView, error) {
	views, err := st.agents(ctx)
	if err != nil {
		return acd.AgentView{}, err
	}
	for _, a := range views {
		if a.Name == name {
			return a, nil
		}
	}
	return acd.AgentView{}, fmt.Errorf("agent %s: %w", name, acd.ErrNoAgent)
}

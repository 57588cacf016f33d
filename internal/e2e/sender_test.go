package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"time"
)

// sender is another system that calls webhooks. It has its own connections.
type sender struct {
	http *http.Client
	base string
}

func newSender(base string) *sender {
	return &sender{&http.Client{Timeout: patience, Transport: &http.Transport{}}, base}
}

func (s *sender) close() { s.http.CloseIdleConnections() }

// reply is the answer to a call, with the times of the call and its answer.
type reply struct {
	status         int
	message, id    string
	sent, answered time.Time
}

// post calls a webhook with a JSON object. The error says that no answer came.
func (s *sender) post(ctx context.Context, hash string, fields map[string]string) (reply, error) {
	body, err := json.Marshal(fields)
	if err != nil {
		return reply{}, err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.base+"/v1/inbound-webhooks/"+hash, bytes.NewReader(body))
	if err != nil {
		return reply{}, err
	}
	r.Header.Set("Content-Type", "application/json")
	sent := time.Now()
	response, err := s.http.Do(r)
	if err != nil {
		return reply{}, err
	}
	defer response.Body.Close()
	var envelope struct{ Message string }
	if err := json.NewDecoder(response.Body).Decode(&envelope); err != nil {
		return reply{}, err
	}
	return reply{response.StatusCode, envelope.Message, response.Header.Get("X-Request-Id"), sent, time.Now()}, nil
}

package connector_test

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"sync"

	"github.com/oplata-go/oplata/connector"
)

// fakeStore keeps everything in maps. Its hook runs before each call, outside the lock, and can fail it.
type fakeStore struct {
	hook func(call string) error

	mu         sync.Mutex
	connectors map[string]connector.ConnectorRecord
	methods    map[string]connector.MethodRecord
	settings   map[settingsKey]connector.SettingsRecord
}

type settingsKey struct {
	method  string
	version int
}

func newStore() *fakeStore {
	return &fakeStore{
		connectors: map[string]connector.ConnectorRecord{},
		methods:    map[string]connector.MethodRecord{},
		settings:   map[settingsKey]connector.SettingsRecord{},
	}
}

var _ connector.Store = (*fakeStore)(nil)

func (s *fakeStore) begin(ctx context.Context, call string) (func(), error) {
	if s.hook != nil {
		if err := s.hook(call); err != nil {
			return nil, err
		}
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	return s.mu.Unlock, nil
}

func (s *fakeStore) uses(id string) int {
	n := 0
	for _, m := range s.methods {
		if m.Connector == id {
			n++
		}
	}
	return n
}

func (s *fakeStore) Connector(ctx context.Context, id string) (connector.ConnectorRecord, error) {
	end, err := s.begin(ctx, "Connector")
	if err != nil {
		return connector.ConnectorRecord{}, err
	}
	defer end()
	c, ok := s.connectors[id]
	if !ok {
		return connector.ConnectorRecord{}, connector.ErrNotFound
	}
	c.Body, c.Methods = bytes.Clone(c.Body), s.uses(id)
	return c, nil
}

func (s *fakeStore) Connectors(ctx context.Context, after string, limit int) ([]connector.ConnectorRecord, error) {
	end, err := s.begin(ctx, "Connectors")
	if err != nil {
		return nil, err
	}
	defer end()
	var list []connector.ConnectorRecord
	for id, c := range s.connectors {
		if id > after {
			c.Body, c.Methods = bytes.Clone(c.Body), s.uses(id)
			list = append(list, c)
		}
	}
	slices.SortFunc(list, func(a, b connector.ConnectorRecord) int { return strings.Compare(a.ID, b.ID) })
	return list[:min(limit, len(list))], nil
}

func (s *fakeStore) PutConnector(ctx context.Context, c connector.ConnectorRecord, unused bool) error {
	end, err := s.begin(ctx, "PutConnector")
	if err != nil {
		return err
	}
	defer end()
	old, ok := s.connectors[c.ID]
	if err := guard(ok, old.Version, c.Version); err != nil {
		return err
	}
	if unused && s.uses(c.ID) > 0 {
		return connector.ErrInUse
	}
	c.Body = bytes.Clone(c.Body)
	s.connectors[c.ID] = c
	return nil
}

func guard(exists bool, have, want int64) error {
	switch {
	case want == 1 && exists:
		return connector.ErrExists
	case want > 1 && !exists:
		return connector.ErrNotFound
	case want > 1 && have != want-1:
		return connector.ErrConflict
	}
	return nil
}

func (s *fakeStore) DeleteConnector(ctx context.Context, id string, version int64) error {
	end, err := s.begin(ctx, "DeleteConnector")
	if err != nil {
		return err
	}
	defer end()
	c, ok := s.connectors[id]
	switch {
	case !ok:
		return connector.ErrNotFound
	case c.Version != version:
		return connector.ErrConflict
	case s.uses(id) > 0:
		return connector.ErrInUse
	}
	delete(s.connectors, id)
	return nil
}

func (s *fakeStore) Method(ctx context.Context, id string) (connector.MethodRecord, error) {
	end, err := s.begin(ctx, "Method")
	if err != nil {
		return connector.MethodRecord{}, err
	}
	defer end()
	m, ok := s.methods[id]
	if !ok {
		return connector.MethodRecord{}, connector.ErrNotFound
	}
	m.Body = bytes.Clone(m.Body)
	return m, nil
}

func (s *fakeStore) Methods(ctx context.Context, f connector.MethodFilter) ([]connector.MethodRecord, error) {
	end, err := s.begin(ctx, "Methods")
	if err != nil {
		return nil, err
	}
	defer end()
	var list []connector.MethodRecord
	for id, m := range s.methods {
		fits := id > f.After && (f.Reseller == "" || m.Reseller == f.Reseller) &&
			(f.Connector == "" || m.Connector == f.Connector) && (m.Active || !f.ActiveOnly)
		if fits {
			m.Body = bytes.Clone(m.Body)
			list = append(list, m)
		}
	}
	slices.SortFunc(list, func(a, b connector.MethodRecord) int { return strings.Compare(a.ID, b.ID) })
	return list[:min(f.Limit, len(list))], nil
}

func (s *fakeStore) PutMethod(ctx context.Context, m connector.MethodRecord, rec *connector.SettingsRecord) error {
	end, err := s.begin(ctx, "PutMethod")
	if err != nil {
		return err
	}
	defer end()
	old, ok := s.methods[m.ID]
	if err := guard(ok, old.Version, m.Version); err != nil {
		return err
	}
	if rec != nil {
		c, ok := s.connectors[m.Connector]
		switch {
		case !ok:
			return connector.ErrNotFound
		case c.Version != rec.ConnectorVersion:
			return connector.ErrConflict
		}
		kept := *rec
		kept.Body = bytes.Clone(rec.Body)
		s.settings[settingsKey{rec.Method, rec.Version}] = kept
	}
	m.Body = bytes.Clone(m.Body)
	s.methods[m.ID] = m
	return nil
}

func (s *fakeStore) Settings(ctx context.Context, method string, version int) (connector.SettingsRecord, error) {
	end, err := s.begin(ctx, "Settings")
	if err != nil {
		return connector.SettingsRecord{}, err
	}
	defer end()
	rec, ok := s.settings[settingsKey{method, version}]
	if !ok {
		return connector.SettingsRecord{}, connector.ErrNotFound
	}
	rec.Body = bytes.Clone(rec.Body)
	return rec, nil
}

func (s *fakeStore) RewriteSettings(ctx context.Context, rec connector.SettingsRecord) error {
	end, err := s.begin(ctx, "RewriteSettings")
	if err != nil {
		return err
	}
	defer end()
	old, ok := s.settings[settingsKey{rec.Method, rec.Version}]
	switch {
	case !ok:
		return connector.ErrNotFound
	case old.Revision != rec.Revision-1:
		return connector.ErrConflict
	}
	old.Revision, old.Body = rec.Revision, bytes.Clone(rec.Body)
	s.settings[settingsKey{rec.Method, rec.Version}] = old
	return nil
}

// dump is everything that is stored, as text.
func (s *fakeStore) dump() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var b strings.Builder
	for _, c := range s.connectors {
		b.Write(c.Body)
	}
	for _, m := range s.methods {
		b.Write(m.Body)
	}
	for _, rec := range s.settings {
		b.Write(rec.Body)
	}
	return b.String()
}

package paymenttest

import (
	"context"
	"errors"
	"maps"
	"sync"
	"time"

	"github.com/oplata-go/oplata/billing"
	"github.com/oplata-go/oplata/connector"
	"github.com/oplata-go/oplata/payment"
)

// ErrFault is what a call that was made to fail returns. It matches no sentinel of any package, so that its caller cannot
// know whether the call acted.
var ErrFault = errors.New("paymenttest: the answer is lost")

// Way is how a call fails.
type Way string

// The ways. They look alike to the caller.
const (
	BeforeActing Way = "before it acted"
	AfterActing  Way = "after it acted"
)

// Faults counts the calls that go through what it wraps, and lets one of them fail. It counts while it is armed. The zero
// value is ready; safe for concurrent use.
type Faults struct {
	mu     sync.Mutex
	armed  bool
	calls  int
	names  map[string]int
	at     int
	way    Way
	failed string
}

// Arm begins to count at one. The n-th call from now fails that way; n 0 only counts.
func (f *Faults) Arm(n int, way Way) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.armed, f.calls, f.names, f.at, f.way, f.failed = true, 0, map[string]int{}, n, way, ""
}

// Disarm ends the counting.
func (f *Faults) Disarm() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.armed = false
}

// Calls is how many were counted.
func (f *Faults) Calls() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.calls
}

// Names is how many were counted, by name.
func (f *Faults) Names() map[string]int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return maps.Clone(f.names)
}

// Failed names the call that was made to fail since [Faults.Arm]; empty if none was yet.
func (f *Faults) Failed() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.failed
}

// next counts a call and says how it is to fail; empty: not at all.
func (f *Faults) next(name string) Way {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.armed {
		return ""
	}
	f.calls++
	f.names[name]++
	if f.calls != f.at {
		return ""
	}
	f.failed = name
	return f.way
}

// call makes a call, or lets it fail.
func call[T any](f *Faults, name string, do func() (T, error)) (T, error) {
	var none T
	switch f.next(name) {
	case BeforeActing:
		return none, ErrFault
	case AfterActing:
		_, _ = do() // whatever it says is lost
		return none, ErrFault
	}
	return do()
}

func act(f *Faults, name string, do func() error) error {
	_, err := call(f, name, func() (struct{}, error) { return struct{}{}, do() })
	return err
}

// Payments wraps a store of payments.
func (f *Faults) Payments(s payment.Store) payment.Store { return faultyPayments{f, s} }

// Accounts wraps a store of accounts.
func (f *Faults) Accounts(s billing.Store) billing.Store { return faultyAccounts{f, s} }

// Connectors wraps a store of connectors.
func (f *Faults) Connectors(s connector.Store) connector.Store { return faultyConnectors{f, s} }

// Ledger wraps a ledger.
func (f *Faults) Ledger(l billing.Ledger) billing.Ledger { return faultyLedger{f, l} }

// Transport wraps what makes the gateways' calls. A call that fails is one of unknown outcome.
func (f *Faults) Transport(t connector.Transport) connector.Transport { return faultyTransport{f, t} }

// Sink wraps somebody who is told of events.
func (f *Faults) Sink(s payment.Sink) payment.Sink { return faultySink{f, s} }

type faultyPayments struct {
	f *Faults
	s payment.Store
}

func (w faultyPayments) Load(ctx context.Context, id string) (payment.Record, error) {
	return call(w.f, "payments.Load", func() (payment.Record, error) { return w.s.Load(ctx, id) })
}

func (w faultyPayments) Owner(ctx context.Context, scope, key string) (payment.Record, payment.Claim, error) {
	var claim payment.Claim
	rec, err := call(w.f, "payments.Owner", func() (payment.Record, error) {
		rec, held, err := w.s.Owner(ctx, scope, key)
		claim = held
		return rec, err
	})
	if err != nil {
		return payment.Record{}, payment.Claim{}, err
	}
	return rec, claim, nil
}

func (w faultyPayments) Apply(ctx context.Context, c payment.Change) error {
	return act(w.f, "payments.Apply", func() error { return w.s.Apply(ctx, c) })
}

func (w faultyPayments) List(ctx context.Context, q payment.Query) ([]payment.Record, error) {
	return call(w.f, "payments.List", func() ([]payment.Record, error) { return w.s.List(ctx, q) })
}

func (w faultyPayments) Events(ctx context.Context, record string, after int64, limit int) ([]payment.Event, error) {
	return call(w.f, "payments.Events", func() ([]payment.Event, error) { return w.s.Events(ctx, record, after, limit) })
}

func (w faultyPayments) Lease(ctx context.Context, l payment.Lease) ([]payment.Task, error) {
	return call(w.f, "payments.Lease", func() ([]payment.Task, error) { return w.s.Lease(ctx, l) })
}

func (w faultyPayments) Finish(ctx context.Context, ends []payment.TaskEnd) error {
	return act(w.f, "payments.Finish", func() error { return w.s.Finish(ctx, ends) })
}

func (w faultyPayments) Tasks(ctx context.Context, q payment.TaskQuery) ([]payment.Task, error) {
	return call(w.f, "payments.Tasks", func() ([]payment.Task, error) { return w.s.Tasks(ctx, q) })
}

func (w faultyPayments) NextDue(ctx context.Context, queue string) (time.Time, error) {
	return call(w.f, "payments.NextDue", func() (time.Time, error) { return w.s.NextDue(ctx, queue) })
}

type faultyAccounts struct {
	f *Faults
	s billing.Store
}

func (w faultyAccounts) Account(ctx context.Context, id string) (billing.Account, error) {
	return call(w.f, "accounts.Account", func() (billing.Account, error) { return w.s.Account(ctx, id) })
}

func (w faultyAccounts) Open(ctx context.Context, a billing.Account) error {
	return act(w.f, "accounts.Open", func() error { return w.s.Open(ctx, a) })
}

func (w faultyAccounts) Append(ctx context.Context, a billing.Account, e billing.Entry) error {
	return act(w.f, "accounts.Append", func() error { return w.s.Append(ctx, a, e) })
}

func (w faultyAccounts) EntryByKey(ctx context.Context, key string) (billing.Entry, error) {
	return call(w.f, "accounts.EntryByKey", func() (billing.Entry, error) { return w.s.EntryByKey(ctx, key) })
}

func (w faultyAccounts) Entries(ctx context.Context, q billing.EntryQuery) ([]billing.Entry, error) {
	return call(w.f, "accounts.Entries", func() ([]billing.Entry, error) { return w.s.Entries(ctx, q) })
}

type faultyConnectors struct {
	f *Faults
	s connector.Store
}

func (w faultyConnectors) Connector(ctx context.Context, id string) (connector.ConnectorRecord, error) {
	return call(w.f, "connectors.Connector", func() (connector.ConnectorRecord, error) { return w.s.Connector(ctx, id) })
}

func (w faultyConnectors) Connectors(ctx context.Context, after string, limit int) ([]connector.ConnectorRecord, error) {
	return call(w.f, "connectors.Connectors", func() ([]connector.ConnectorRecord, error) { return w.s.Connectors(ctx, after, limit) })
}

func (w faultyConnectors) PutConnector(ctx context.Context, c connector.ConnectorRecord, unused bool) error {
	return act(w.f, "connectors.PutConnector", func() error { return w.s.PutConnector(ctx, c, unused) })
}

func (w faultyConnectors) DeleteConnector(ctx context.Context, id string, version int64) error {
	return act(w.f, "connectors.DeleteConnector", func() error { return w.s.DeleteConnector(ctx, id, version) })
}

func (w faultyConnectors) Method(ctx context.Context, id string) (connector.MethodRecord, error) {
	return call(w.f, "connectors.Method", func() (connector.MethodRecord, error) { return w.s.Method(ctx, id) })
}

func (w faultyConnectors) Methods(ctx context.Context, q connector.MethodFilter) ([]connector.MethodRecord, error) {
	return call(w.f, "connectors.Methods", func() ([]connector.MethodRecord, error) { return w.s.Methods(ctx, q) })
}

func (w faultyConnectors) PutMethod(ctx context.Context, m connector.MethodRecord, s *connector.SettingsRecord) error {
	return act(w.f, "connectors.PutMethod", func() error { return w.s.PutMethod(ctx, m, s) })
}

func (w faultyConnectors) Settings(ctx context.Context, method string, version int) (connector.SettingsRecord, error) {
	return call(w.f, "connectors.Settings", func() (connector.SettingsRecord, error) { return w.s.Settings(ctx, method, version) })
}

func (w faultyConnectors) RewriteSettings(ctx context.Context, s connector.SettingsRecord) error {
	return act(w.f, "connectors.RewriteSettings", func() error { return w.s.RewriteSettings(ctx, s) })
}

type faultyLedger struct {
	f *Faults
	l billing.Ledger
}

func (w faultyLedger) Credit(ctx context.Context, p billing.Posting) error {
	return act(w.f, "ledger.Credit", func() error { return w.l.Credit(ctx, p) })
}

func (w faultyLedger) Debit(ctx context.Context, p billing.Posting) error {
	return act(w.f, "ledger.Debit", func() error { return w.l.Debit(ctx, p) })
}

type faultyTransport struct {
	f *Faults
	t connector.Transport
}

func (w faultyTransport) Do(ctx context.Context, r connector.Request) (connector.Answer, error) {
	answer, err := call(w.f, "transport."+r.Name, func() (connector.Answer, error) { return w.t.Do(ctx, r) })
	if errors.Is(err, ErrFault) {
		err = &connector.GatewayError{Connector: r.Connector, Request: r.Name, Err: err}
	}
	return answer, err
}

type faultySink struct {
	f *Faults
	s payment.Sink
}

func (w faultySink) Send(ctx context.Context, n payment.Notice) error {
	return act(w.f, "sink.Send", func() error { return w.s.Send(ctx, n) })
}

package connector

import "context"

// Method returns a payment method with its settings, secrets left out; [ErrNotFound] for another reseller's.
func (s *Service) Method(ctx context.Context, by Actor, id string) (Method, error) {
	m, err := s.ownMethod(ctx, by, id)
	if err != nil {
		return Method{}, err
	}
	c, err := s.connector(ctx, m.Connector)
	if err != nil {
		return Method{}, err
	}
	view, err := methodView(m, c)
	if err != nil || c.schema == nil {
		return view, err
	}
	rec, err := s.store.Settings(ctx, m.ID, m.Settings)
	if err != nil {
		return Method{}, err
	}
	doc, err := readDocument(rec)
	if err != nil {
		return Method{}, err
	}
	view.Settings, view.Secrets, err = c.schema.Mask(doc.Values)
	return view, err
}

// MethodQuery selects payment methods. An empty field selects all.
type MethodQuery struct {
	By          Actor
	Reseller    string // for others than the root reseller only their own; empty is that
	Connector   string
	ActiveOnly  bool
	AccountType string // only methods that accounts of this type may choose, which are active ones
	Page
}

// Methods lists payment methods without their settings, by ID. A page that is shorter than its limit is the last one.
// It returns [ErrForbidden] for another reseller.
func (s *Service) Methods(ctx context.Context, q MethodQuery) ([]Method, error) {
	if q.Reseller == "" && q.By.Reseller != s.cfg.Root {
		q.Reseller = q.By.Reseller
	}
	if !s.mayTouch(q.By, q.Reseller) {
		return nil, ErrForbidden
	}
	limit, err := q.limit()
	if err != nil {
		return nil, err
	}
	if err := selectable(q.Reseller, q.Connector, q.After); err != nil {
		return nil, err
	}
	filter := MethodFilter{Reseller: q.Reseller, Connector: q.Connector, ActiveOnly: q.ActiveOnly, After: q.After}
	wanted := func(m Method) bool { return q.AccountType == "" || m.OfferedTo(q.AccountType) }
	return s.listMethods(ctx, filter, limit, wanted)
}

// Offered returns what a payer with an account of this type may choose: the active payment methods of the reseller, by
// ID, without their settings. It takes no actor, because pages of payers ask it.
func (s *Service) Offered(ctx context.Context, reseller, accountType string) ([]Method, error) {
	if reseller == "" {
		return nil, &ParamError{Field: "reseller", Reason: "required"}
	}
	if err := selectable(reseller); err != nil {
		return nil, err
	}
	filter := MethodFilter{Reseller: reseller, ActiveOnly: true}
	return s.listMethods(ctx, filter, 0, func(m Method) bool { return m.OfferedTo(accountType) })
}

// listMethods reads on until limit wanted methods are found or none are left; limit 0 takes all.
func (s *Service) listMethods(ctx context.Context, f MethodFilter, limit int, wanted func(Method) bool) ([]Method, error) {
	const batch = 100
	connectors := map[string]*stored{}
	var list []Method
	for {
		f.Limit = batch
		records, err := s.store.Methods(ctx, f)
		if err != nil {
			return nil, err
		}
		for _, rec := range records {
			c := connectors[rec.Connector]
			if c == nil {
				if c, err = s.connector(ctx, rec.Connector); err != nil {
					return nil, err
				}
				connectors[rec.Connector] = c
			}
			m, err := methodView(rec, c)
			if err != nil {
				return nil, err
			}
			if !wanted(m) {
				continue
			}
			list = append(list, m)
			if len(list) == limit {
				return list, nil
			}
		}
		if len(records) < batch {
			return list, nil
		}
		f.After = records[len(records)-1].ID
	}
}

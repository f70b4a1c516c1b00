package chronopaysim

import (
	"bytes"
	"embed"
	"errors"
	"html/template"
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"time"
)

//go:embed page
var files embed.FS

var pages = template.Must(template.ParseFS(files, "page/*.html"))

// routes are the page as ChronoPay has it ("/" and "/index.php") and what the simulator adds.
func (s *Simulator) routes() *http.ServeMux {
	mux := http.NewServeMux()
	for _, path := range []string{"/{$}", "/index.php"} {
		mux.HandleFunc("GET "+path, s.serveForm)
		mux.HandleFunc("POST "+path, s.serveForm)
	}
	mux.HandleFunc("GET /orders/{number}", s.serveOrder)
	// The form comes from the shop's site, but what is chosen here must come from here.
	own := http.NewCrossOriginProtection()
	mux.Handle("POST /orders/{number}", own.Handler(http.HandlerFunc(s.serveAction)))
	mux.HandleFunc("GET /orders/{number}/back", s.serveBack)
	mux.HandleFunc("GET /style.css", func(w http.ResponseWriter, r *http.Request) {
		http.ServeFileFS(w, r, files, "page/style.css")
	})
	return mux
}

// serveForm takes the shop's form and shows its order. Without a form it lists the orders.
func (s *Simulator) serveForm(w http.ResponseWriter, r *http.Request) {
	v, err := parseForm(w, r)
	if err == nil && len(v) == 0 {
		s.show(w, r, http.StatusOK, "list", view{T: textsOf(r.URL.Query().Get("language")), Orders: s.newestFirst()})
		return
	}
	var o *order
	if err == nil {
		o, err = s.readForm(v)
	}
	number := 0
	if err == nil {
		number, err = s.accept(o)
	}
	if err != nil {
		s.refuse(w, r, v.Get("language"), err)
		return
	}
	http.Redirect(w, r, "/orders/"+strconv.Itoa(number), http.StatusSeeOther)
}

func (s *Simulator) newestFirst() []Order {
	orders := s.Orders()
	slices.Reverse(orders)
	return orders
}

// refuse shows why a form was not accepted. Neither the page nor the log shows what the right sign would have been.
func (s *Simulator) refuse(w http.ResponseWriter, r *http.Request, language string, err error) {
	why, _ := errors.AsType[refusal](err)
	s.cfg.Logger.LogAttrs(r.Context(), slog.LevelWarn, "chronopaysim: form refused", slog.String("why", string(why)))
	t := textsOf(language)
	s.show(w, r, http.StatusBadRequest, "refused", view{T: t, Why: t.Refusals[why], Detail: err.Error()})
}

func (s *Simulator) serveOrder(w http.ResponseWriter, r *http.Request) {
	s.showOrder(w, r, http.StatusOK, nil)
}

// serveAction does what was chosen, sends what is due at once, and shows the order again.
func (s *Simulator) serveAction(w http.ResponseWriter, r *http.Request) {
	v, err := parseForm(w, r)
	if err != nil {
		http.Error(w, "bad form", http.StatusBadRequest)
		return
	}
	number, _ := strconv.Atoi(r.PathValue("number"))
	minutes, bad := strconv.ParseUint(v.Get("minutes"), 10, 16)
	s.mu.Lock()
	o := s.numbered(number)
	switch kind := ActionKind(v.Get("action")); {
	case o != nil && kind == "hurry":
		s.hurry(o)
	case kind == PayLater && bad != nil:
		err = ErrBadAction
	default:
		err = s.act(o, Action{Kind: kind, After: time.Duration(minutes) * time.Minute, Total: v.Get("total")})
	}
	s.mu.Unlock()
	if err != nil {
		s.showOrder(w, r, http.StatusUnprocessableEntity, err)
		return
	}
	if s.deliver(r.Context(), func(other *order) bool { return other == o }) != nil {
		return // nobody waits for the page any more
	}
	http.Redirect(w, r, "/orders/"+strconv.Itoa(number), http.StatusSeeOther)
}

// serveBack sends the browser to the shop. That proves nothing, and a shop must not believe it.
func (s *Simulator) serveBack(w http.ResponseWriter, r *http.Request) {
	o, ok := s.snapshot(r)
	to := o.SuccessURL
	if o.State == Declined {
		to = o.DeclineURL
	}
	if !ok || to == "" {
		http.NotFound(w, r)
		return
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
}

func (s *Simulator) snapshot(r *http.Request) (Order, bool) {
	number, err := strconv.Atoi(r.PathValue("number"))
	if err != nil {
		return Order{}, false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	o := s.numbered(number)
	if o == nil {
		return Order{}, false
	}
	return o.snapshot(), true
}

// view is what the templates show.
type view struct {
	T       texts
	Order   Order
	State   string
	Orders  []Order
	Rows    []row
	Pending bool
	CanBack bool
	Why     string
	Detail  string
	Actions []choice
}

// row is one callback in the table.
type row struct {
	Delivery
	Time   string
	Result string
	Good   bool
}

func (s *Simulator) showOrder(w http.ResponseWriter, r *http.Request, status int, fault error) {
	o, ok := s.snapshot(r)
	if !ok {
		http.NotFound(w, r)
		return
	}
	t := textsOf(o.Language)
	v := view{
		T: t, Order: o, State: t.States[o.State], Actions: t.Actions,
		CanBack: o.State == Declined && o.DeclineURL != "" || o.State != Declined && o.SuccessURL != "",
	}
	if fault != nil {
		v.Why = t.BadAction
		if errors.Is(fault, ErrNoCallback) {
			v.Why = t.NoCallback
		}
	}
	for _, d := range o.Deliveries {
		v.Rows = append(v.Rows, row{
			Delivery: d,
			Time:     d.Due.In(moscow).Format("02.01.2006 15:04:05"),
			Result:   t.result(d),
			Good:     d.Status == http.StatusOK,
		})
		v.Pending = v.Pending || !d.Done
	}
	s.show(w, r, status, "order", v)
}

func (s *Simulator) show(w http.ResponseWriter, r *http.Request, status int, name string, v view) {
	var page bytes.Buffer
	if err := pages.ExecuteTemplate(&page, name+".html", v); err != nil {
		s.cfg.Logger.LogAttrs(r.Context(), slog.LevelError, "chronopaysim: page", slog.Any("err", err))
		http.Error(w, "page failed", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = page.WriteTo(w)
}

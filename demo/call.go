package demo

import (
	"bytes"
	"encoding/json"
	"fmt"
	"mime/multipart"
	"net/url"
	"strconv"
	"strings"
	"time"

	"campaignlark/intake"
	"campaignlark/models"
)

// request returns what the caller of a visit sends.
func (v visit) request(p Person) intake.Request {
	fields := v.fields(p)
	if v.trouble == prefetch { // of a link to the address
		return intake.Request{Method: "GET", Query: encode(fields)}
	}
	switch v.hook {
	case hookClub:
		return v.jsonOf(v.clubResponse(p))
	case hookShopify:
		return v.jsonOf(v.shopifyFields(p))
	case hookStripe:
		return v.jsonOf(v.stripeFields(p))
	case hookForm, hookTill, hookRaffle, hookOldSite:
		return intake.Request{Method: "POST", ContentType: "application/x-www-form-urlencoded", Body: []byte(encode(fields))}
	case hookEvents:
		return multipartOf(fields)
	default:
		return v.jsonOf(fields)
	}
}

// field is one key and its value.
type field struct {
	key   string
	value any
}

// fields returns what a visit sends about a person, including fields that the shop does not use.
func (v visit) fields(p Person) []field {
	all := []field{{models.EmailKey, v.address(p)}}
	if v.trouble == otherName {
		all[0].key = tillAddress
	}
	known := func(keys ...string) {
		for _, key := range keys {
			if value, ok := p.Fields[key]; ok {
				all = append(all, field{key, v.sent(key, value)})
			}
		}
	}
	switch v.hook {
	case hookShop:
		known("first_name", "last_name", "birthday", "country", "city", "loyalty_points", "favourite_genre", "interests", "wants_catalogue", "preferred_shop")
		all = append(all, field{"customer_number", 10000 + v.person}, field{"addresses", []map[string]string{{"city": p.City, "type": "shipping"}}})
	case hookTill:
		known("first_name", "last_name", "loyalty_points", "preferred_shop")
		all = append(all, field{"card_number", fmt.Sprintf("QF-%06d", 104729*(v.person+1)%1000000)})
	case hookForm, hookRaffle, hookOldSite:
		known("first_name", "interests")
		all = append(all, field{"consent", "on"})
	case hookEvents:
		known("first_name", "last_name", "city", "country")
		all = append(all, field{"seats", strconv.Itoa(1 + v.person%3)})
	case hookConfirm:
		all = append(all, field{"confirmed_at", v.at.Format(time.RFC3339)})
	case hookErase:
		all = append(all, field{"ticket", 20000 + v.person%8000})
	}
	return all
}

// tillAddress is the name under which the till sends the address since its update.
const tillAddress = "customer_email"

func (v visit) address(p Person) string {
	local, domain, _ := strings.Cut(p.Email, "@")
	switch v.trouble {
	case noAddress:
		return ""
	case badAddress:
		return []string{local + "@@" + domain, local + "@example", local, local + " at " + domain}[v.person%4]
	}
	return p.Email
}

// sent returns a value as the caller writes it: numbers and booleans as such, dates sometimes as people write them.
func (v visit) sent(key, value string) any {
	switch key {
	case "birthday":
		if day, err := time.Parse(time.DateOnly, value); err == nil && v.trouble == wontFit {
			return day.Format("02/01/2006")
		}
	case "loyalty_points":
		if n, err := strconv.Atoi(value); err == nil && v.trouble == wontFit {
			return strconv.Itoa(n) + " points"
		} else if err == nil {
			return n + v.at.YearDay()%40 // they have bought something since
		}
	case "favourite_genre":
		if v.trouble == wontFit {
			return "Cookery"
		}
	case "wants_catalogue":
		return value == "true"
	case "interests":
		return strings.Split(value, "\n")
	}
	return value
}

// encode writes fields as a form, with each value of a list separately, like checkboxes.
func encode(fields []field) string {
	var pairs []string
	for _, f := range fields {
		for _, text := range texts(f.value) {
			pairs = append(pairs, url.QueryEscape(f.key)+"="+url.QueryEscape(text))
		}
	}
	return strings.Join(pairs, "&")
}

func texts(value any) []string {
	if several, ok := value.([]string); ok {
		return several
	}
	return []string{fmt.Sprint(value)}
}

func multipartOf(fields []field) intake.Request {
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	_ = form.SetBoundary("form-relay-" + strconv.Itoa(len(fields)) + "-7f3a9c") // a valid one
	for _, f := range fields {
		for _, text := range texts(f.value) {
			_ = form.WriteField(f.key, text) // a buffer takes everything
		}
	}
	_ = form.Close()
	return intake.Request{Method: "POST", ContentType: form.FormDataContentType(), Body: body.Bytes()}
}

func (v visit) jsonOf(fields []field) intake.Request {
	r := intake.Request{Method: "POST", ContentType: "application/json"}
	var body bytes.Buffer
	for i, f := range fields {
		value, _ := json.Marshal(f.value) // texts, numbers and lists of them
		fmt.Fprintf(&body, "%s\n  %q: %s", []string{"{", ","}[min(i, 1)], f.key, value)
	}
	body.WriteString("\n}\n")
	switch r.Body = body.Bytes(); v.trouble {
	case brokenJSON:
		r.Body = r.Body[:len(r.Body)*2/3]
	case wrongFormat:
		r.ContentType, r.Body = "application/xml", []byte("<?xml version=\"1.0\"?>\n<customer><email>"+fmt.Sprint(fields[0].value)+"</email></customer>\n")
	case tooLarge:
		r.Body = append(r.Body, bytes.Repeat([]byte(" "), intake.MaxBody)...)
	}
	return r
}

// callOf returns a visit as the endpoint passes it to the pipeline.
func (w *workshop) callOf(v visit, p Person) intake.Call {
	r := v.request(p)
	c := intake.Call{
		ID: models.NewID(v.at), ArrivedAt: v.at, Method: r.Method, ContentType: r.ContentType, UserAgent: hooks[v.hook].agent,
		ClientAddress: clientAddress(v), Prefetch: v.trouble == prefetch, Request: r, Size: int64(len(r.Query) + len(r.Body)),
		Hash: models.WebhookHash{WorkspaceID: w.workspace.ID, WebhookID: w.hooks[v.hook].ID, Hash: w.hooks[v.hook].Hash},
	}
	if v.trouble == oldAddress {
		c.Hash.Hash = w.oldHash
	}
	header := func(name, value string) {
		if value == "" {
			return
		}
		c.Head = append(c.Head, name+": "+value+"\r\n"...)
		if h, kept := keptHeader(intake.Header{Name: name, Value: value}); kept {
			c.Headers = append(c.Headers, h)
		}
	}
	header("Content-Type", r.ContentType)
	header("Host", "hooks.quillfeather.example")
	if c.UserAgent == browser && !c.Prefetch {
		header("Origin", "https://www.quillfeather.example")
	}
	if c.Prefetch {
		header("Sec-Purpose", "prefetch")
	}
	header("User-Agent", c.UserAgent)
	for _, h := range v.extraHeaders() {
		header(h.Name, h.Value)
	}
	for _, h := range w.signature(v, r.Body) {
		header(h.Name, h.Value)
	}
	return c
}

// clientAddress returns an address reserved for documentation: each server has one, people have many.
func clientAddress(v visit) string {
	if v.trouble == forged || hooks[v.hook].agent == browser {
		return fmt.Sprintf("203.0.113.%d", 1+v.person%250)
	}
	return fmt.Sprintf("198.51.100.%d", 10+v.hook)
}

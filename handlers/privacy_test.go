package handlers

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"campaignlark/intake"
	"campaignlark/models"
	"campaignlark/models/store"
	"campaignlark/senders"

	"gorm.io/gorm"
)

// handling says what the program does with a stored piece of a contact's data.
type handling struct {
	support string // "shown" to support staff as it is, "masked", or "never": no page of theirs has it
	erased  bool   // erased with the person; else it stays and must not name them
	export  bool   // the person export includes it
}

var (
	shownStays   = handling{"shown", false, true}  // what happened
	maskedErased = handling{"masked", true, true}  // sent by the sender, or its network address
	neverErased  = handling{"never", true, true}   // personal, on no page for support staff
	erasedOnly   = handling{"never", true, false}  // copies and running jobs, erased with the person
	neverStays   = handling{"never", false, false} // ids, numbers, times and states without personal data
	shownInside  = handling{"shown", false, false} // ids on support pages; the export has names instead
	erasedInside = handling{"shown", true, false}  // a key derived from the address
	shownErased  = handling{"shown", true, true}   // on support pages without the person
)

// keptFields lists the fields of a logged call. A new field fails the tests until it is listed here and masking, export and
// erasing treat it accordingly.
var keptFields = map[string]map[string]handling{
	"WebhookRequest": {
		"WorkspaceID": shownInside, "ID": shownStays, "WebhookID": shownInside, "ContactID": shownInside, "ContactVersion": shownInside, "AddressKey": erasedInside,
		"Address": {"masked", true, false}, "Method": shownStays, "ContentType": {"masked", false, true}, "Outcome": shownStays, "Status": shownStays,
		"ClientAddress": maskedErased, "UserAgent": maskedErased, "DurationUs": shownInside, "Size": shownInside, "Event": shownStays, "ReplayOf": shownStays, "Body": {"shown", true, false}, // see its own fields
	},
	"LogBody": {
		"Payload": maskedErased, "Truncated": shownStays, "Encoding": shownStays, "Unread": shownStays, "Headers": shownStays, "WebhookType": shownStays, "EmailKey": shownStays,
		"EmailSent": maskedErased, "EmailUnused": maskedErased, "EmailShape": shownStays, "EmailPlus": shownStays, "QueryKey": shownStays, "EmailAt": shownStays, "Fields": shownStays, "MoreNames": shownStays, "Before": shownStays, "After": shownStays, "LeftAt": shownStays, "Mapped": shownStays, "Verdict": shownStays, "RepeatOf": shownStays, "Delivery": maskedErased, "TagsAdded": shownStays,
		"Event": shownStays, "NoEvent": shownStays, "Message": shownStays, "Page": maskedErased, "Shortened": shownStays, "WaitedUs": shownStays, "GroupSize": shownStays, "TriedBy": shownInside,
	},
	"FieldFate": {
		"Fate": shownStays, "Key": shownStays, "Sent": maskedErased, "Shape": shownStays, "MergeTagID": shownStays, "MergeTag": shownStays, "Label": shownStays,
		"Before": maskedErased, "After": maskedErased, "Reason": shownStays,
	},
	"LogContact": {"Email": maskedErased, "Status": shownStays, "Fields": maskedErased, "Tags": shownStays, "Version": shownStays},
	"Mapped":     {"Sender": shownStays, "Conditions": shownStays, "Missed": shownStays, "DeliveryID": maskedErased, "TooLarge": shownStays},
	"MappedTest": {"Path": shownStays, "Or": shownStays, "In": shownStays, "Met": shownStays, "Stood": maskedErased},
	"MappedMiss": {"Key": shownStays, "Path": shownStays, "Nearest": {"masked", true, true}},
	"Verdict": {
		"Result": shownStays, "Form": shownStays, "Fault": shownStays, "Place": shownStays, "InBody": shownStays, "Secret": shownStays, "Signatures": shownStays,
		"SignedAt": shownStays, "ArrivedAt": shownStays, "Tolerance": shownStays,
	},
	"Header": {"Name": shownStays, "Value": maskedErased},
}

// ofAPerson lists the tables with data about contacts, with each of their columns.
var ofAPerson = map[string]map[string]handling{
	"contacts": {
		"workspace_id": neverErased, "id": shownErased, "email": neverErased, "status": shownErased, "fields": neverErased, "version": neverErased, "source_webhook_id": neverErased,
		"created_at": shownErased, "updated_at": neverErased, "subscribed_at": neverErased, "unconfirmed_at": neverErased, "unsubscribed_at": neverErased,
		"touched_webhook_id": neverErased, "touched_at": neverErased,
	},
	"contact_words":    {"workspace_id": neverErased, "word": erasedOnly, "contact_id": erasedOnly}, // copies of the fields
	"former_addresses": {"workspace_id": neverErased, "contact_id": neverErased, "address": neverErased, "changed_at": neverErased},
	"contact_edits":    {"workspace_id": neverErased, "contact_id": neverErased, "id": neverErased, "detail": neverErased},
	"contact_tags":     {"workspace_id": neverErased, "contact_id": neverErased, "tag_id": neverErased},
	"webhook_requests": { // as in keptFields
		"workspace_id": shownInside, "id": shownStays, "webhook_id": shownInside, "contact_id": shownInside, "contact_version": shownInside, "who": erasedInside,
		"address": {"masked", true, false}, "method": shownStays, "content_type": {"masked", false, true}, "outcome": shownStays, "status": shownStays,
		"client_address": maskedErased, "user_agent": maskedErased, "duration_us": shownInside, "size": shownInside, "event": shownStays, "replay_of": shownStays, "body": {"shown", true, false},
	},
	"erasures": {"workspace_id": neverStays, "who": neverStays, "at": neverStays}, // a hash of the address, kept so that a replay does not bring the person back
	"automation_events": {
		"workspace_id": neverStays, "id": neverStays, "type": neverStays, "contact_id": neverStays, "contact_version": neverStays, "subject_id": neverStays, "webhook_id": neverStays, "request_id": neverStays,
		"run_id": neverStays, "by_hand": neverStays, "job_id": neverStays, "depth": neverStays, "fields": neverStays, "snapshot": neverErased, "state": neverStays, "created_at": neverStays,
	},
	"automation_runs": {
		"workspace_id": neverStays, "id": neverStays, "automation_id": neverStays, "revision": neverStays, "event_id": neverStays, "request_id": neverStays, "contact_id": neverStays, "contact_version": neverStays,
		"depth": neverStays, "state": shownStays, "step": shownInside, "due_at": neverStays, "tries": neverStays, "reason": neverStays, "ended_at": shownStays,
	},
	"run_steps": {"workspace_id": neverStays, "run_id": neverStays, "number": neverStays, "step_id": neverStays, "result": neverStays, "delivery_id": neverStays, "body": neverErased, "at": neverStays},
	"deliveries": {
		"workspace_id": neverStays, "id": shownStays, "destination_id": neverStays, "event_type": shownStays, "event_id": neverStays, "run_id": neverStays, "request_id": neverStays, "contact_id": neverStays,
		"contact_version": neverStays, "body": neverErased, "state": shownStays, "tries": shownInside, "next_at": shownInside, "leased_until": neverStays, "ended_at": shownInside, "reason": neverStays,
		"held": neverStays, "asked": neverStays, "resume_at": neverStays, "by_hand": neverStays, "arrived_at": neverStays,
	},
	"delivery_attempts":    {"workspace_id": neverStays, "delivery_id": neverStays, "number": neverStays, "at": neverStays, "status": shownStays, "error": shownStays, "duration_us": neverStays, "answer": neverErased, "by_hand": neverStays, "retry_after": neverStays, "cut_off": neverStays},
	"segment_bits":         {"workspace_id": neverStays, "chunk": neverStays, "bits": erasedOnly}, // the contact's bit
	"segment_changes":      {"workspace_id": neverStays, "id": neverStays, "segment_id": neverStays, "contact_id": neverStays, "entered": neverStays, "cause": neverStays, "request_id": neverStays, "user_id": neverStays, "job_id": neverStays, "run_id": neverStays, "at": neverStays},
	"segment_bulk_changes": {"workspace_id": neverStays, "id": neverStays, "segment_id": neverStays, "span": neverStays, "entered": neverStays, "departed": neverStays, "cause": neverStays, "user_id": neverStays, "at": neverStays},
	"dirty_contacts":       {"workspace_id": erasedOnly, "id": erasedOnly, "contact_id": erasedOnly, "request_id": erasedOnly, "user_id": erasedOnly, "job_id": erasedOnly, "run_id": erasedOnly, "depth": erasedOnly, "at": erasedOnly}, // deleted at the next tick
	"call_marks":           {"workspace_id": erasedOnly, "id": erasedOnly, "packed": erasedOnly, "at": erasedOnly},                                                                                                                       // likewise
	"audit_log":            {"workspace_id": neverStays, "id": neverStays, "user_id": neverStays, "action": shownInside, "subject": neverStays, "subject_id": neverStays, "subject_name": neverStays, "detail": shownInside, "at": shownInside},
	"job_files":            {"workspace_id": neverStays, "job_id": neverStays, "name": neverStays, "part": neverStays, "data": erasedOnly}, // the person's lines
	"jobs": {
		"workspace_id": neverStays, "id": neverStays, "kind": neverStays, "user_id": neverStays, "state": neverStays, "spec": erasedOnly, "cursor": erasedOnly, "done": neverStays, "total": neverStays,
		"result": erasedOnly, "failure": neverStays, "tries": neverStays, "holder": neverStays, "lease_until": neverStays, "created_at": neverStays, "updated_at": neverStays, "finished_at": neverStays, "paused_at": neverStays,
	},
}

// ofNobody lists the tables without data about contacts: a workspace's settings, its members, and numbers.
var ofNobody = []string{"workspaces", "users", "memberships", "sessions", "setup_link", "sign_in_failures", "webhooks", "webhook_hashes", "tags", "webhook_tags", "merge_tags",
	"workspace_counters", "contact_counts", "contact_word_fills", "unindexed_names", "segments", "segment_due", "segment_days", "segment_checks", "webhook_counts", "contact_days", "webhook_secrets", "webhook_deliveries", "webhook_hours", "replays", "dismissals", "righted_calls", "fine_fields", "team_mails", "webhook_states", "import_ranges", "invitations", "form_posts", "goose_db_version", "automations", "automation_versions", "destinations"}

// TestEverythingKeptIsClassified reads the fields from the types and the columns from the schema of both databases.
func TestEverythingKeptIsClassified(t *testing.T) {
	for _, value := range []any{models.WebhookRequest{}, intake.LogBody{}, intake.FieldFate{}, intake.LogContact{}, intake.Header{}, intake.Mapped{}, intake.MappedTest{}, intake.MappedMiss{}, senders.Verdict{}} {
		kind := reflect.TypeOf(value)
		var fields []string
		for i := range kind.NumField() {
			fields = append(fields, kind.Field(i).Name)
		}
		sameNames(t, kind.Name(), fields, keptFields[kind.Name()])
	}
	eachSite(t, func(t *testing.T, s *site) {
		for table := range s.everything() {
			if strings.HasPrefix(table, "webhook_requests_") || strings.HasPrefix(table, "sqlite_") || slices.Contains(ofNobody, table) { // a day of the log; SQLite's own
				continue
			}
			columns, classified := ofAPerson[table]
			if !classified {
				t.Errorf("say in ofAPerson what the table %s holds of a person, and whether it is shown to support staff, erased and exported, or add it to ofNobody", table)
				continue
			}
			there, err := s.db.Pool().QueryContext(t.Context(), "SELECT * FROM "+table+" WHERE 1 = 0")
			if err != nil {
				t.Fatal(err)
			}
			names, err := there.Columns()
			there.Close()
			if err != nil {
				t.Fatal(err)
			}
			sameNames(t, table, names, columns)
			if !slices.Contains(names, "workspace_id") {
				t.Errorf("%s has no workspace_id: the removal of a workspace does not find its rows", table)
			}
		}
	})
}

func sameNames(t *testing.T, what string, names []string, classified map[string]handling) {
	t.Helper()
	for _, name := range names {
		if _, ok := classified[name]; !ok {
			t.Errorf("%s.%s is not classified: say in privacy_test.go whether support staff see it, whether it goes with the person, and whether the person's export has it; then make the program do so", what, name)
		}
	}
	for name := range classified {
		if !slices.Contains(names, name) {
			t.Errorf("%s.%s is classified but is not there any more", what, name)
		}
	}
}

// filled returns a T with a recognisable value in every field. Texts contain the field's name in capitals.
func filled[T any]() T {
	var value T
	fill(reflect.ValueOf(&value).Elem(), reflect.TypeOf(value).Name())
	return value
}

func fill(v reflect.Value, name string) {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			if !v.Field(i).CanSet() { // a time
				return
			}
			fill(v.Field(i), v.Type().Name()+"_"+v.Type().Field(i).Name)
		}
	case reflect.String:
		v.SetString("secret_" + name)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), name)
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			v.SetBytes([]byte("secret_" + name))
			return
		}
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0), name)
	case reflect.Map:
		v.Set(reflect.ValueOf(map[string]string{"city": "secret_" + name}))
	case reflect.Int, reflect.Int64:
		v.SetInt(7)
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Array: // an id
		v.Index(0).SetUint(9)
	}
}

// told lists the fields, as Type.Field, whose value from filled appears in the JSON of value.
func told(value any) []string {
	text, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	found := map[string]bool{}
	for kind, fields := range keptFields {
		for field := range fields {
			if strings.Contains(string(text), `secret_`+kind+"_"+field+`"`) {
				found[kind+"."+field] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(found))
}

// TestSupportStaffSeeOnlyWhatIsClassifiedAsShown masks a call with every field filled.
func TestSupportStaffSeeOnlyWhatIsClassifiedAsShown(t *testing.T) {
	t.Parallel()
	row, body := filled[models.WebhookRequest](), filled[intake.LogBody]()
	row.Body = nil
	names := fieldNames{"secret_fieldfate_key": true}
	for _, field := range slices.Concat(told(masked(row)), told(maskedBody(row, body, names))) {
		kind, name, _ := strings.Cut(field, ".")
		if keptFields[kind][name].support != "shown" {
			t.Errorf("%s is shown to support staff, want it masked", field)
		}
	}
	shown := slices.Concat(told(masked(row)), told(maskedBody(row, body, names)))
	for kind, fields := range keptFields {
		for name, h := range fields {
			filledText := slices.Contains(slices.Concat(told(row), told(body)), kind+"."+name)
			if h.support == "shown" && filledText && !slices.Contains(shown, kind+"."+name) {
				t.Errorf("%s.%s is masked, want it shown", kind, name)
			}
		}
	}
}

// TestErasingEmptiesWhatIsClassifiedAsErased erases a call and an event with every field filled, for one contact and for many.
func TestErasingEmptiesWhatIsClassifiedAsErased(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		for n, erase := range []func(tx *gorm.DB, c models.Contact) error{
			func(tx *gorm.DB, c models.Contact) error { return store.EraseContact(tx, c, 0, s.server.now()) },
			func(tx *gorm.DB, c models.Contact) error {
				return store.EraseContacts(tx, s.workspace.ID, 0, nil, []models.Contact{c}, s.server.now())
			},
		} {
			c := s.addContact(int64(n+1), fmt.Sprintf("quinn%d@example.com", n), nil)
			row, event := filled[models.WebhookRequest](), filled[models.AutomationEvent]()
			key := models.AddressKey(s.workspace.ID, c.Email)
			row.WorkspaceID, row.ID, row.ContactID, row.AddressKey, row.Address, row.Status = s.workspace.ID, models.NewID(s.server.now()), &c.ID, &key, &c.Email, 200
			event.WorkspaceID, event.ID, event.ContactID, event.Type = s.workspace.ID, models.NewID(s.server.now()), c.ID, models.EventConfirmed
			event.CreatedAt = s.server.now()
			s.write(func(tx *gorm.DB) error {
				if err := tx.Create(&row).Error; err != nil {
					return err
				}
				if err := tx.Create(&event).Error; err != nil {
					return err
				}
				return erase(tx, c)
			})
			for table, columns := range map[string]map[string]handling{"webhook_requests": ofAPerson["webhook_requests"], "automation_events": ofAPerson["automation_events"]} {
				var left []map[string]any
				if err := s.db.Read(t.Context()).Table(table).Where("contact_id = ?", c.ID).Find(&left).Error; err != nil || len(left) != 1 {
					t.Fatalf("%s: got %v (%v), want the emptied row", table, left, err)
				}
				for column, h := range columns {
					if gone := left[0][column] == nil; gone != h.erased {
						t.Errorf("%s.%s after erasing: got %v, want erased to be %v", table, column, left[0][column], h.erased)
					}
				}
			}
		}
	})
}

// TestAPersonsExportHasWhatIsClassifiedAsExported exports a call with every field filled.
func TestAPersonsExportHasWhatIsClassifiedAsExported(t *testing.T) {
	t.Parallel()
	row, body := filled[models.WebhookRequest](), filled[intake.LogBody]()
	encoded := intake.EncodeLogBody(body)
	row.Body = encoded
	exported := told((&personFile{webhooks: map[int64]string{}}).request(row))
	for kind, fields := range keptFields {
		for name, h := range fields {
			if !slices.Contains(slices.Concat(told(row), told(body)), kind+"."+name) {
				continue // a number, or a list of other fields
			}
			if has := slices.Contains(exported, kind+"."+name); has != h.export {
				t.Errorf("the export has %s.%s: %v, want %v", kind, name, has, h.export)
			}
		}
	}
}

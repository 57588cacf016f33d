package intake

// dictionary is text that stored bodies have in common. S2 and zstd find repetitions in it, so that a body need not hold its own field
// names, message and headers: a body of an ordinary call takes about a third of the bytes. What is most frequent stands last,
// where it costs least.
//
// Stored bodies need it to be read, for as long as the log keeps them. Never change a dictionary: add another one with the next
// id, let bodies be written with that, and keep this one for reading.
const (
	dictionaryID = 1
	dictionary   = `"Purpose","value":"prefetch"},{"name":"X-Moz","value":"prefetch"},{"name":"Sec-Fetch-Mode","value":"no-cors"},{"name":"Sec-Fetch-Site","value":"cross-site"},` +
		`{"name":"Accept-Language","value":"en-US,en;q=0.9,de;q=0.8"},{"name":"Origin","value":"https://www."},{"name":"Referer","value":"https://www."},` +
		`Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36Macintosh; Intel Mac OS X 10_15_7iPhone; CPU iPhone OS 18_0 like Mac OS X` +
		`GuzzleHttp/7python-requests/2.axios/1.Go-http-client/1.1node-fetchcurl/8.okhttp/5.Zapier` +
		`"refused","reason":"Not a number.","reason":"Not a date.","reason":"Not one of the options.","reason":"UNSUBSCRIBED webhooks leave the fields as they are."` +
		`It looks like the webhook you're trying to access doesn't exist.Please provide an email address in the webhook data.Please provide a valid email addressWe were unable to find the contact.` +
		`"no_event":"The contact was SUBSCRIBED already, so the event did not fire again.","no_event":"Deleting a contact fires no event."` +
		`"webhook_type":"DELETE","webhook_type":"UNSUBSCRIBED","webhook_type":"UNCONFIRMED","status":"UNSUBSCRIBED","status":"UNCONFIRMED",` +
		`"event":"contact_unsubscribed","event":"contact_subscribed_pending",` +
		`last_name=&first_name=&phone=&company=&address=&city=&country=&zip=&email_address=%40gmail.com&name=&message=&source=&utm_source=&utm_medium=&utm_campaign=&consent=yes` +
		`"payload":"{\"id\":\"\",\"created_at\":\"2026-01-01T00:00:00Z\",\"phone\":\"+49\",\"company\":\"\",\"address\":{\"city\":\"\",\"country\":\"\",\"zip\":\"\"},\"name\":\"\",\"email\":\"@gmail.com\",` +
		`\"birthday\":\"\",\"language\":\"en\",\"source\":\"\",\"last_name\":\"\",\"first_name\":\"\",\"email_address\":\"@example.com\"}","encoding":"query"` +
		`,"email_key":"email","email_sent":"@gmail.com","encoding":"form","email_at":1,` +
		`{"fate":"default","merge_tag_id":1,"merge_tag":"country","label":"Country","after":"DE"},{"fate":"unchanged","key":"city","sent":"","merge_tag_id":2,"merge_tag":"city","label":"City","before":"","after":""},` +
		`"before":{"email":"@gmail.com","status":"SUBSCRIBED","fields":{"country":"DE","city":"","phone":"","company":""},"tags":["newsletter","customer"],"version":1},"truncated":true,"more_names":1,"shortened":true,` +
		`"headers":[{"name":"Accept","value":"application/json"},{"name":"Accept","value":"*/*"},{"name":"Content-Length","value":"1"},{"name":"Content-Type","value":"application/x-www-form-urlencoded; charset=utf-8"},` +
		`{"name":"Content-Type","value":"application/json; charset=utf-8"},{"name":"Host","value":"hooks."},{"name":"User-Agent","value":"Mozilla/5.0"},{"name":"X-Forwarded-For","value":"1"},{"name":"X-Forwarded-Proto","value":"https"},{"name":"X-Request-Id","value":"` +
		`{"payload":"{\"email_address\":\"@example.com\",\"first_name\":\"\",\"last_name\":\"\"}","encoding":"json","headers":[{"name":"Content-Length","value":"1"},{"name":"Content-Type","value":"application/json"},{"name":"Host","value":"127.0.0.1:8080"},{"name":"User-Agent","value":"` +
		`"}],"webhook_type":"SUBSCRIBED","email_key":"email_address","email_sent":"@example.com","fields":[{"fate":"stored","key":"first_name","sent":"","merge_tag_id":1,"merge_tag":"first_name","label":"First name","after":""},` +
		`{"fate":"stored","key":"last_name","sent":"","merge_tag_id":2,"merge_tag":"last_name","label":"Last name","after":""},{"fate":"ignored","key":"source","sent":""}],` +
		`"after":{"email":"@example.com","status":"SUBSCRIBED","fields":{"first_name":"","last_name":""},"tags":["customer","newsletter"],"version":1},"tags_added":["customer","newsletter"],` +
		`"event":"contact_subscribed_confirmed","message":"Acknowledged. The webhook has been processed.","waited_us":1,"group_size":1}`
)

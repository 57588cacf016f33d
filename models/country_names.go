package models

// notCountries are codes that golang.org/x/text treats as countries but ISO 3166-1 does not: reserved codes and unions.
var notCountries = map[string]bool{
	"AC": true, "CP": true, "DG": true, "EA": true, "EU": true, "EZ": true, "IC": true, "QO": true, "TA": true, "UN": true,
}

// countryRenamed has names that are newer or simpler than those in golang.org/x/text.
var countryRenamed = map[string]string{
	"HK": "Hong Kong", "MK": "North Macedonia", "MM": "Myanmar", "MO": "Macao", "PS": "Palestine", "SZ": "Eswatini",
	"CD": "Congo (Democratic Republic)", "CG": "Congo (Republic)",
}

// countryAliases are other common English names, including those of ISO, and the one common code that is not from ISO.
var countryAliases = map[string]string{
	"UK": "GB", "Great Britain": "GB", "Britain": "GB", "England": "GB", "Scotland": "GB", "Wales": "GB", "Northern Ireland": "GB",
	"United Kingdom of Great Britain and Northern Ireland": "GB",
	"United States of America":                             "US", "America": "US",
	"Bahamas, The": "BS", "Gambia, The": "GM",
	"Bolivia, Plurinational State of": "BO", "Plurinational State of Bolivia": "BO",
	"Brunei Darussalam": "BN",
	"Burma":             "MM", "Cabo Verde": "CV",
	"Congo": "CG", "Republic of the Congo": "CG", "Congo, Republic of the": "CG",
	"Democratic Republic of the Congo": "CD", "Congo, Democratic Republic of the": "CD", "DR Congo": "CD", "DRC": "CD",
	"Czech Republic": "CZ", "East Timor": "TL", "Falkland Islands (Malvinas)": "FK",
	"Micronesia, Federated States of": "FM", "Federated States of Micronesia": "FM",
	"Holland": "NL", "Netherlands, Kingdom of the": "NL", "Bonaire, Sint Eustatius and Saba": "BQ",
	"Holy See": "VA", "Vatican": "VA",
	"Iran, Islamic Republic of": "IR", "Islamic Republic of Iran": "IR",
	"Ivory Coast": "CI",
	"Korea":       "KR", "Korea, Republic of": "KR", "Republic of Korea": "KR",
	"Korea, Democratic People's Republic of": "KP", "Democratic People's Republic of Korea": "KP",
	"Lao People's Democratic Republic": "LA", "Macau": "MO",
	"Moldova, Republic of": "MD", "Republic of Moldova": "MD", "Republic of North Macedonia": "MK",
	"Palestine, State of": "PS", "State of Palestine": "PS", "Palestinian Territory": "PS",
	"People's Republic of China": "CN", "Republic of Ireland": "IE", "Russian Federation": "RU",
	"Saint Helena, Ascension and Tristan da Cunha": "SH", "Saint Martin (French part)": "MF", "Sint Maarten (Dutch part)": "SX",
	"Saint Vincent and the Grenadines": "VC", "Heard Island and McDonald Islands": "HM", "Pitcairn": "PN",
	"South Georgia and the South Sandwich Islands": "GS", "United States Minor Outlying Islands": "UM",
	"Svalbard and Jan Mayen": "SJ", "Syrian Arab Republic": "SY", "Taiwan, Province of China": "TW",
	"Tanzania, United Republic of": "TZ", "United Republic of Tanzania": "TZ", "Türkiye": "TR", "UAE": "AE",
	"Venezuela, Bolivarian Republic of": "VE", "Bolivarian Republic of Venezuela": "VE", "Viet Nam": "VN",
	"Virgin Islands, British": "VG", "Virgin Islands (British)": "VG", "Virgin Islands, U.S.": "VI", "Virgin Islands (U.S.)": "VI",
}

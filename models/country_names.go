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

// countryAliases are other names in English, those of ISO and CLDR and of the lists of shop systems, and common codes that are not
// from ISO. Names that mean two countries follow ISO and those lists: Congo alone is the Republic, Korea alone the South. A name
// that no list gives to one country, such as Virgin Islands, is not here. The name of a part means its country.
var countryAliases = map[string]string{
	"UK": "GB", "EL": "GR", "XKX": "XK",
	"Great Britain": "GB", "Britain": "GB", "England": "GB", "Scotland": "GB", "Wales": "GB", "Northern Ireland": "GB",
	"United Kingdom of Great Britain and Northern Ireland": "GB",
	"United States of America":                             "US", "America": "US",
	"Aotearoa": "NZ", "Aotearoa New Zealand": "NZ", "Antigua": "AG", "Argentine Republic": "AR", "Belau": "PW",
	"Bolivia, Plurinational State of": "BO", "Plurinational State of Bolivia": "BO",
	"Bonaire": "BQ", "Bonaire, Sint Eustatius and Saba": "BQ", "Bonaire, Saint Eustatius and Saba": "BQ", "Sint Eustatius": "BQ", "Saba": "BQ",
	"Bosnia": "BA", "Bosnia-Herzegovina": "BA",
	"Brunei Darussalam": "BN", "Burma": "MM", "Cabo Verde": "CV", "Ceylon": "LK", "Chagos Archipelago": "IO", "Diego Garcia": "IO",
	"Canary Islands": "ES", "Ceuta and Melilla": "ES", "Clipperton Island": "FR",
	"Cocos Islands": "CC", "Keeling Islands": "CC",
	"Congo": "CG", "Republic of the Congo": "CG", "Congo, Republic of the": "CG",
	"Democratic Republic of the Congo": "CD", "Congo, Democratic Republic of the": "CD", "DR Congo": "CD", "DRC": "CD", "Congo (DRC)": "CD", "Zaire": "CD",
	"Côte d Ivoire": "CI", "Ivory Coast": "CI",
	"Czech Republic": "CZ", "East Timor": "TL", "Eire": "IE", "Republic of Ireland": "IE", "Faeroe Islands": "FO",
	"Falklands": "FK", "Falkland Islands (Malvinas)": "FK", "Falkland Islands (Islas Malvinas)": "FK",
	"French Republic": "FR", "Gabonese Republic": "GA", "Hellenic Republic": "GR", "Italian Republic": "IT", "Lebanese Republic": "LB", "Portuguese Republic": "PT",
	"Rwandese Republic": "RW", "Togolese Republic": "TG", "Swiss Confederation": "CH", "United Mexican States": "MX",
	"Heard Island and McDonald Islands": "HM", "Heard and Mc Donald Islands": "HM", "Holland": "NL",
	"Holy See": "VA", "Vatican": "VA", "Vatican City State": "VA", "Holy See (Vatican City State)": "VA",
	"Hong Kong SAR": "HK", "Hong Kong, China": "HK", "Hong Kong Special Administrative Region": "HK", "Hong Kong Special Administrative Region of China": "HK",
	"Korea": "KR", "Korea, Republic of": "KR", "Republic of Korea": "KR",
	"Korea, Democratic People's Republic of": "KP", "Democratic People's Republic of Korea": "KP", "Democratic Republic of Korea": "KP", "DPRK": "KP", "DPR Korea": "KP",
	"Kyrgyz Republic": "KG", "Lao People's Democratic Republic": "LA", "Lao PDR": "LA", "Laos PDR": "LA", "Libyan Arab Jamahiriya": "LY",
	"Macau": "MO", "Macao SAR": "MO", "Macao SAR China": "MO", "Macau SAR": "MO", "Macau SAR China": "MO", "Macao, China": "MO", "Macau, China": "MO",
	"Macao Special Administrative Region": "MO", "Macao Special Administrative Region of China": "MO",
	"Former Yugoslav Republic of Macedonia": "MK", "FYROM": "MK", "Macedonia (FYROM)": "MK", "Macedonia, FYRO": "MK",
	"Micronesia, Federated States of": "FM", "Federated States of Micronesia": "FM", "Micronesia, Fed. Sts.": "FM",
	"Palestinian Territory": "PS", "Palestinian Territory, Occupied": "PS", "Palestinian Authority": "PS", "West Bank and Gaza": "PS",
	"Mainland China": "CN", "People's Republic of China": "CN", "PR China": "CN", "PRC": "CN",
	"Republic of China": "TW", "Taiwan (ROC)": "TW", "Taiwan, Province of China": "TW", "Chinese Taipei": "TW",
	"Pitcairn": "PN", "Reunion Island": "RE", "Russian Federation": "RU",
	"Ascension Island": "SH", "Tristan da Cunha": "SH", "Saint Helena, Ascension and Tristan da Cunha": "SH",
	"Saint Kitts-Nevis": "KN", "Saint Martin (French part)": "MF", "Saint Martin (Dutch part)": "SX", "Sint Maarten (Dutch part)": "SX", "Saint Maarten": "SX",
	"Saint Vincent": "VC", "Saint Vincent and the Grenadines": "VC", "Sao Tome": "ST", "Slovak Republic": "SK",
	"South Georgia": "GS", "South Georgia and the South Sandwich Islands": "GS", "South Georgia/Sandwich Islands": "GS",
	"Svalbard": "SJ", "Svalbard and Jan Mayen": "SJ", "Svalbard and Jan Mayen Islands": "SJ",
	"Swaziland": "SZ", "Syrian Arab Republic": "SY", "Tanzania, United Republic of": "TZ", "United Republic of Tanzania": "TZ",
	"Moldova, Republic of": "MD", "Trinidad": "TT", "Turks and Caicos": "TC", "Türkiye": "TR", "UAE": "AE",
	"United States Minor Outlying Islands": "UM", "United States (US) Minor Outlying Islands": "UM", "US Minor Outlying Islands": "UM",
	"Upper Volta": "BF", "Venezuela, Bolivarian Republic of": "VE", "Bolivarian Republic of Venezuela": "VE", "Venezuela, RB": "VE", "Viet Nam": "VN",
	"Virgin Islands, British": "VG", "Virgin Islands (British)": "VG", "Virgin Islands, U.S.": "VI", "Virgin Islands (U.S.)": "VI",
	"United States Virgin Islands": "VI", "Virgin Islands of the United States": "VI",
	"Wallis and Futuna Islands": "WF", "Western Samoa": "WS",
}

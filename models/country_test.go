package models

import (
	"strings"
	"testing"

	"golang.org/x/text/language"
	"golang.org/x/text/language/display"
)

// TestReadCountryNamesOfLists reads the names that shop systems, statistics and forms give their countries, and some that mean none.
func TestReadCountryNamesOfLists(t *testing.T) {
	t.Parallel()
	for list, names := range map[string]string{
		"shops": `United Kingdom (UK)=GB| United States (US)=US| United States (USA)=US| United States (US) Minor Outlying Islands=UM| Virgin Islands (US)=VI| Virgin Islands (British)=VG|
			Congo (Brazzaville)=CG| Congo (Kinshasa)=CD| Congo - Brazzaville=CG| Congo, The Democratic Republic Of The=CD| Belau=PW| Czech Republic=CZ| Ivory Coast=CI| Vatican=VA| Reunion=RE|
			Saint Martin (French part)=MF| Saint Martin (Dutch part)=SX| South Georgia/Sandwich Islands=GS| Bonaire, Saint Eustatius and Saba=BQ| Palestinian Territory, Occupied=PS|
			Holy See (Vatican City State)=VA| Iran, Islamic Republic Of=IR| Korea, Democratic People's Republic Of=KP| Lao People's Democratic Republic=LA| Libyan Arab Jamahiriya=LY|
			Macedonia, Republic Of=MK| Republic of Cameroon=CM| Tanzania, United Republic Of=TZ| São Tomé and Príncipe=ST| Saint Barthélemy=BL| St. Helena=SH| Timor Leste=TL| Great Britain (UK)=GB`,
		"systems": `Korea, South=KR| Korea, North=KP| Korea (South)=KR| Hong Kong SAR=HK| Hong Kong S.A.R., China=HK| Macau SAR=MO| Congo (DRC)=CD| Slovak Republic=SK| Lao PDR=LA| Burma=MM| Macedonia=MK|
			Macedonia, FYRO=MK| Swaziland=SZ| Viet Nam=VN| The Netherlands=NL| Netherlands, The=NL| The Bahamas=BS| Bahamas, The=BS| The Gambia=GM| US Virgin Islands=VI| Palestinian Authority=PS|
			Holy See (Vatican City)=VA| Taiwan, ROC=TW| Falkland Islands (Islas Malvinas)=FK| Bosnia-Herzegovina=BA| Trinidad &amp; Tobago=TT| St Kitts and Nevis=KN| St.Lucia=LC|
			Türkiye=TR| TURKIYE=TR| Cote d’Ivoire=CI| Cote d‘Ivoire=CI| Cote d Ivoire=CI| Curacao=CW| Eswatini (Swaziland)=SZ| Myanmar/Burma=MM| Ivory Coast (Côte d'Ivoire)=CI| Canary Islands=ES`,
		"statistics": `Congo, Dem. Rep.=CD| Congo, Rep.=CG| Korea, Rep.=KR| Korea, Dem. People's Rep.=KP| Egypt, Arab Rep.=EG| Iran, Islamic Rep.=IR| Yemen, Rep.=YE| Venezuela, RB=VE| Micronesia, Fed. Sts.=FM|
			Hong Kong SAR, China=HK| Macao SAR, China=MO| Kyrgyz Republic=KG| West Bank and Gaza=PS| St. Vincent and the Grenadines=VC| China, Hong Kong Special Administrative Region=HK| Central African Rep.=CF`,
		"formal": `Federal Republic of Germany=DE| Kingdom of Spain=ES| Islamic Republic of Mauritania=MR| Grand Duchy of Luxembourg=LU| Independent State of Papua New Guinea=PG| People's Republic of China=CN|
			Republic of China=TW| Republic of Korea=KR| Democratic People's Republic of Korea=KP| Democratic Republic of Korea=KP| Republic of Congo=CG| Democratic Republic of Congo=CD|
			Hashemite Kingdom of Jordan=JO| Hellenic Republic=GR| United Mexican States=MX| Virgin Islands of the United States=VI| Republic of Ireland=IE| Ireland, Republic of=IE`,
		"codes":         `UK=GB| EL=GR| el=GR| Greece (EL)=GR| DE Germany=DE| DE - Germany=DE| Germany (DE)=DE| GBR=GB| XKX=XK| U.K.=GB| U.A.E.=AE| D.R. Congo=CD`,
		"two countries": `Congo=CG| Korea=KR| Micronesia=FM| Samoa=WS| Guinea=GN| Georgia=GE| Dominica=DM`,
		"none": `Virgin Islands=| Channel Islands=| Netherlands Antilles=| Serbia and Montenegro=| Yugoslavia=| USSR=| Czechoslovakia=| Georgia, USA=| Georgia (US)=| Germany, France=| DE US=| Republic=| Kingdom of=|
			Democratic Congo=| Islamic Republic of Korea=| Republic of Republic of=| of=| (=| ,=| &=| The United=| Islands=| New Jersey=| England (US)=| Germany (DE1)=| Europe=| European Union=| Kingdom=`,
	} {
		for entry := range strings.SplitSeq(names, "|") {
			name, want, _ := strings.Cut(strings.TrimSpace(entry), "=")
			for _, spelled := range []string{name, strings.ToUpper(name), " " + strings.ToLower(name) + "\t"} {
				got, err := MergeTag{Type: MergeTagCountry}.Read(Text(spelled), nil)
				if got != want || (err == nil) != (want != "") {
					t.Errorf("%s: %q reads as %q (%v), want %q", list, spelled, got, err, want)
				}
			}
		}
	}
}

func TestVirginIslandsNamesBoth(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"Virgin Islands", "the VIRGIN ISLANDS"} {
		_, err := MergeTag{Type: MergeTagCountry}.Read(Text(text), nil)
		if want := "There are two: send VG for the British Virgin Islands, or VI for those of the United States."; err == nil || err.Error() != want {
			t.Errorf("%s: got %v, want %q", text, err, want)
		}
	}
}

// TestReadCountryNamesOfCLDR reads every English name that CLDR has for a country, in each English of its data.
func TestReadCountryNamesOfCLDR(t *testing.T) {
	t.Parallel()
	for _, tag := range display.Supported.Tags() {
		if base, _ := tag.Base(); base.String() != "en" {
			continue
		}
		for _, country := range Countries() {
			name := display.Regions(tag).Name(language.MustParseRegion(country.Code))
			if got, err := readCountry(name); got != country.Code || err != nil {
				t.Errorf("%s: %q reads as %q (%v), want %s", tag, name, got, err, country.Code)
			}
		}
	}
}

// FuzzReadCountry checks that any text is a country or none, and that case and blanks make no difference.
func FuzzReadCountry(f *testing.F) {
	for _, text := range []string{"DE", "Korea, South", "United States (US)", "Republic of the Congo", "&amp;", "st. (", strings.Repeat("a ", 200)} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		code, err := readCountry(text)
		if err == nil && CountryName(code) == code {
			t.Errorf("%q reads as %q, which is no country", text, code)
		}
		if again, wrong := readCountry("  " + text + "\n"); len(text) < 190 && (again != code || (wrong == nil) != (err == nil)) {
			t.Errorf("%q reads as %q, and as %q with blanks around it", text, code, again)
		}
	})
}

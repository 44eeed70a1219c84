//! The country codes a region may use: ISO 3166-1 alpha-2, officially assigned or user-assigned.

/// Officially assigned codes, in order. Source: ISO 3166-1, 249 codes.
const ASSIGNED: &str = "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR \
BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI \
FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS \
IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO \
MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA \
RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT \
TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW";

/// Whether a code is officially assigned, or one of those ISO leaves to users: `AA`, `QM` to `QZ`, `XA` to `XZ`, `ZZ`.
#[must_use]
pub fn is_country(code: &str) -> bool {
    let user = match code.as_bytes() {
        [b'A', b'A'] | [b'Z', b'Z'] => true,
        [b'Q', second] => (b'M'..=b'Z').contains(second),
        [b'X', second] => second.is_ascii_uppercase(),
        _ => false,
    };
    user || ASSIGNED.split(' ').any(|assigned| assigned == code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn assigned_and_user_codes_are_countries_and_nothing_else_is() {
        assert_eq!(ASSIGNED.split(' ').count(), 249);
        assert!(ASSIGNED.split(' ').is_sorted());
        for code in ["AR", "BR", "AA", "QM", "QZ", "XA", "XK", "XZ", "ZZ"] {
            assert!(is_country(code), "{code}");
        }
        for code in ["", "A", "ar", "EU", "UK", "QL", "XXX", "X1", "É", "AD AE"] {
            assert!(!is_country(code), "{code}");
        }
    }
}

/// A theme of the INSPIRE directive (2007/2/EC, Annexes I to III).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Theme {
    /// Two letters, lower case.
    pub code: &'static str,
    french: &'static str,
    english: &'static str,
    /// The ISO 19115 topic category that the theme belongs to (Regulation 1205/2008, Part D.2).
    pub topic: &'static str,
}

impl Theme {
    /// The theme's name in GEMET, in French, or in English for any other language.
    pub fn title(&self, language: &str) -> &'static str {
        if language == "fr" {
            self.french
        } else {
            self.english
        }
    }

    /// The theme's address in the INSPIRE registry.
    pub fn url(&self) -> String {
        format!("http://inspire.ec.europa.eu/theme/{}", self.code)
    }
}

/// The theme of a two-letter code, in any case.
pub fn inspire_theme(code: &str) -> Option<&'static Theme> {
    THEMES
        .iter()
        .find(|theme| theme.code.eq_ignore_ascii_case(code))
}

const fn theme(
    code: &'static str,
    french: &'static str,
    english: &'static str,
    topic: &'static str,
) -> Theme {
    Theme {
        code,
        french,
        english,
        topic,
    }
}

#[rustfmt::skip] // one theme a line
const THEMES: [Theme; 34] = [
    theme("ac", "Conditions atmosphériques", "Atmospheric conditions", "climatologyMeteorologyAtmosphere"),
    theme("ad", "Adresses", "Addresses", "location"),
    theme("af", "Installations agricoles et aquacoles", "Agricultural and aquaculture facilities", "farming"),
    theme("am", "Zones de gestion, de restriction ou de réglementation et unités de déclaration", "Area management/restriction/regulation zones and reporting units", "planningCadastre"),
    theme("au", "Unités administratives", "Administrative units", "boundaries"),
    theme("br", "Régions biogéographiques", "Bio-geographical regions", "biota"),
    theme("bu", "Bâtiments", "Buildings", "structure"),
    theme("cp", "Parcelles cadastrales", "Cadastral parcels", "planningCadastre"),
    theme("ef", "Installations de suivi environnemental", "Environmental monitoring facilities", "structure"),
    theme("el", "Altitude", "Elevation", "elevation"),
    theme("er", "Sources d'énergie", "Energy resources", "economy"),
    theme("ge", "Géologie", "Geology", "geoscientificInformation"),
    theme("gg", "Systèmes de maillage géographique", "Geographical grid systems", "location"),
    theme("gn", "Dénominations géographiques", "Geographical names", "location"),
    theme("hb", "Habitats et biotopes", "Habitats and biotopes", "biota"),
    theme("hh", "Santé et sécurité des personnes", "Human health and safety", "health"),
    theme("hy", "Hydrographie", "Hydrography", "inlandWaters"),
    theme("lc", "Occupation des terres", "Land cover", "imageryBaseMapsEarthCover"),
    theme("lu", "Usage des sols", "Land use", "planningCadastre"),
    theme("mf", "Caractéristiques géographiques météorologiques", "Meteorological geographical features", "climatologyMeteorologyAtmosphere"),
    theme("mr", "Ressources minérales", "Mineral resources", "economy"),
    theme("nz", "Zones à risque naturel", "Natural risk zones", "geoscientificInformation"),
    theme("of", "Caractéristiques géographiques océanographiques", "Oceanographic geographical features", "oceans"),
    theme("oi", "Ortho-imagerie", "Orthoimagery", "imageryBaseMapsEarthCover"),
    theme("pd", "Répartition de la population — démographie", "Population distribution — demography", "society"),
    theme("pf", "Lieux de production et sites industriels", "Production and industrial facilities", "structure"),
    theme("ps", "Sites protégés", "Protected sites", "environment"),
    theme("rs", "Référentiels de coordonnées", "Coordinate reference systems", "location"),
    theme("sd", "Répartition des espèces", "Species distribution", "biota"),
    theme("so", "Sols", "Soil", "geoscientificInformation"),
    theme("sr", "Régions maritimes", "Sea regions", "oceans"),
    theme("su", "Unités statistiques", "Statistical units", "boundaries"),
    theme("tn", "Réseaux de transport", "Transport networks", "transportation"),
    theme("us", "Services d'utilité publique et services publics", "Utility and governmental services", "utilitiesCommunication"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_theme_is_found_in_any_case_and_named_in_two_languages() {
        let theme = inspire_theme("PS").unwrap();
        assert_eq!(theme.title("fr"), "Sites protégés");
        assert_eq!(theme.title("en"), "Protected sites");
        assert_eq!(inspire_theme("zz"), None);
    }
}

//! What each protocol is given of a site.

use crate::protocol::site::Pages;
use crate::protocol::{ogcapi, tiles, wfs, wms, wmts};
use crate::server::state::Site;

pub(super) fn wms(site: &Site, explain: bool) -> wms::Service<'_> {
    wms::Service {
        catalogue: &site.catalogue,
        limits: &site.limits,
        engine: &*site.studio,
        capabilities: &site.known.capabilities,
        explain,
    }
}

pub(super) fn wfs(site: &Site) -> wfs::Service<'_> {
    wfs::Service {
        catalogue: &site.catalogue,
        limits: &site.limits,
        studio: &site.studio,
        names: &site.known.type_names,
    }
}

pub(super) fn wmts(site: &Site, explain: bool) -> wmts::Service<'_> {
    wmts::Service {
        wms: self::wms(site, explain),
        overviews: site.studio.overviews(),
        reach: &site.known.reach,
        documents: &site.known.wmts,
    }
}

pub(super) fn ogcapi<'a>(site: &'a Site, pages: &'a Pages, explain: bool) -> ogcapi::Service<'a> {
    ogcapi::Service {
        tiles: tiles::Service {
            catalogue: &site.catalogue,
            limits: &site.limits,
            overviews: site.studio.overviews(),
            explain,
        },
        reach: &site.known.reach,
        pages,
        studio: &site.studio,
    }
}

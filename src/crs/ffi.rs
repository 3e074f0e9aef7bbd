//! PROJ's C interface, made safe: the only `unsafe` of this room.
//!
//! A context opens no file and no socket: its file interface finds nothing, so that PROJ is
//! left with the database built into the binary, whatever `PROJ_DATA`, `HOME`, the working
//! directory and the folders PROJ was built in hold.
#![allow(unsafe_code)]

use std::ffi::{CStr, CString, c_char, c_int, c_longlong, c_ulonglong, c_void};
use std::ptr::{self, NonNull};

use proj_sys as sys;

use crate::geom::Coord;

/// A PROJ context. Neither `Send` nor `Sync`: it stays on the thread that made it.
#[derive(Debug)]
pub(super) struct Context(NonNull<sys::PJ_CONTEXT>);

/// A CRS, a coordinate system or an operation of PROJ, living no longer than its context.
#[derive(Debug)]
pub(super) struct Object<'c> {
    pj: NonNull<sys::PJ>,
    context: &'c Context,
}

/// What an axis is, in PROJ's words.
#[derive(Debug, PartialEq)]
pub(super) struct Axis {
    pub name: String,
    pub direction: String,
    /// Metres or radians in one unit.
    pub unit_factor: f64,
}

/// PROJ's area of use, degrees; `west > east` across the antimeridian.
#[derive(Debug)]
pub(super) struct Area {
    pub west: f64,
    pub south: f64,
    pub east: f64,
    pub north: f64,
    pub name: String,
}

/// A way from one CRS to another: x, y in house order on both sides.
#[derive(Debug)]
pub(super) struct Operation {
    pub pipeline: String,
    pub accuracy_m: Option<f64>,
    pub is_ballpark: bool,
}

/// What kind of object PROJ made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ObjectKind {
    Geographic,
    Projected,
    Compound,
    Bound,
    Other,
}

impl Context {
    /// A context with no file, no network and no log; `None` where memory ends.
    pub fn new() -> Option<Context> {
        // SAFETY: takes nothing, returns null or a context that `drop` destroys once.
        let context = Context(NonNull::new(unsafe { sys::proj_context_create() })?);
        // SAFETY: the context is alive, PROJ copies the interface, and its callbacks keep no
        // state, touch none of their arguments and do not unwind.
        unsafe {
            sys::proj_log_level(context.0.as_ptr(), sys::PJ_LOG_LEVEL_PJ_LOG_NONE);
            if sys::proj_context_set_fileapi(context.0.as_ptr(), &NO_FILES, ptr::null_mut()) == 0 {
                return None;
            }
            sys::proj_context_set_enable_network(context.0.as_ptr(), 0);
        }
        Some(context)
    }

    /// The CRS of an authority's code in PROJ's database.
    pub fn crs(&self, authority: &str, code: &str) -> Option<Object<'_>> {
        let authority = CString::new(authority).ok()?;
        let code = CString::new(code).ok()?;
        // SAFETY: the context is alive, both strings end in NUL, null means no options.
        let pj = unsafe {
            sys::proj_create_from_database(
                self.0.as_ptr(),
                authority.as_ptr(),
                code.as_ptr(),
                sys::PJ_CATEGORY_PJ_CATEGORY_CRS,
                0,
                ptr::null(),
            )
        };
        self.object(pj)
    }

    /// The CRS written in WKT 1 or 2; no other notation is read.
    pub fn crs_from_wkt(&self, wkt: &str) -> Option<Object<'_>> {
        let wkt = CString::new(wkt).ok()?;
        // SAFETY: as in `crs`; null means that warnings and errors are not wanted.
        let pj = unsafe {
            sys::proj_create_from_wkt(
                self.0.as_ptr(),
                wkt.as_ptr(),
                ptr::null(),
                ptr::null_mut(),
                ptr::null_mut(),
            )
        };
        self.object(pj)
    }

    /// The CRS written in PROJJSON, of which the caller knows that it is JSON of few levels.
    pub fn crs_from_projjson(&self, json: &str) -> Option<Object<'_>> {
        // PROJ would take other texts for names or pipelines
        let json = CString::new(json).ok().filter(|_| json.starts_with('{'))?;
        // SAFETY: the context is alive, the text ends in NUL.
        let object = self.object(unsafe { sys::proj_create(self.0.as_ptr(), json.as_ptr()) })?;
        // SAFETY: the object is alive.
        (unsafe { sys::proj_is_crs(object.pj.as_ptr()) } != 0).then_some(object)
    }

    /// The operation that PROJ prefers, of those that need no grid file.
    pub fn operation(&self, source: &Object<'_>, target: &Object<'_>) -> Option<Operation> {
        let context = self.0.as_ptr();
        // SAFETY: every pointer is alive for the calls it is given to: the factory and the list
        // are destroyed here, after the objects drawn from the list were made their own.
        unsafe {
            let factory = sys::proj_create_operation_factory_context(context, ptr::null());
            if factory.is_null() {
                return None;
            }
            sys::proj_operation_factory_context_set_spatial_criterion(
                context,
                factory,
                sys::PROJ_SPATIAL_CRITERION_PROJ_SPATIAL_CRITERION_PARTIAL_INTERSECTION,
            );
            sys::proj_operation_factory_context_set_grid_availability_use(
                context,
                factory,
                sys::PROJ_GRID_AVAILABILITY_USE_PROJ_GRID_AVAILABILITY_DISCARD_OPERATION_IF_MISSING_GRID,
            );
            let list = sys::proj_create_operations(
                context,
                source.pj.as_ptr(),
                target.pj.as_ptr(),
                factory,
            );
            sys::proj_operation_factory_context_destroy(factory);
            if list.is_null() {
                return None;
            }
            let count = sys::proj_list_get_count(list);
            let found = (0..count).find_map(|index| {
                let object = self.object(sys::proj_list_get(context, list, index))?;
                object.normalized()?.as_operation()
            });
            sys::proj_list_destroy(list);
            found
        }
    }

    fn object(&self, pj: *mut sys::PJ) -> Option<Object<'_>> {
        Some(Object {
            pj: NonNull::new(pj)?,
            context: self,
        })
    }
}

impl Drop for Context {
    fn drop(&mut self) {
        // SAFETY: made by `proj_context_create`, destroyed once; objects borrow the context.
        unsafe { sys::proj_context_destroy(self.0.as_ptr()) };
    }
}

impl<'c> Object<'c> {
    pub fn name(&self) -> String {
        // SAFETY: the object is alive; the text belongs to it and is copied.
        unsafe { text(sys::proj_get_name(self.pj.as_ptr())) }
    }

    pub fn kind(&self) -> ObjectKind {
        // SAFETY: the object is alive.
        match unsafe { sys::proj_get_type(self.pj.as_ptr()) } {
            sys::PJ_TYPE_PJ_TYPE_GEOGRAPHIC_CRS
            | sys::PJ_TYPE_PJ_TYPE_GEOGRAPHIC_2D_CRS
            | sys::PJ_TYPE_PJ_TYPE_GEOGRAPHIC_3D_CRS => ObjectKind::Geographic,
            sys::PJ_TYPE_PJ_TYPE_PROJECTED_CRS | sys::PJ_TYPE_PJ_TYPE_DERIVED_PROJECTED_CRS => {
                ObjectKind::Projected
            }
            sys::PJ_TYPE_PJ_TYPE_COMPOUND_CRS => ObjectKind::Compound,
            sys::PJ_TYPE_PJ_TYPE_BOUND_CRS => ObjectKind::Bound,
            _ => ObjectKind::Other,
        }
    }

    /// WKT 2:2019 on one line.
    pub fn wkt(&self) -> String {
        let options = [c"MULTILINE=NO".as_ptr(), ptr::null()];
        // SAFETY: both are alive, the options end in null, the text is copied.
        unsafe {
            text(sys::proj_as_wkt(
                self.context.0.as_ptr(),
                self.pj.as_ptr(),
                sys::PJ_WKT_TYPE_PJ_WKT2_2019,
                options.as_ptr(),
            ))
        }
    }

    /// PROJJSON on one line; empty where it can't be said so.
    pub fn projjson(&self) -> String {
        let options = [c"MULTILINE=NO".as_ptr(), ptr::null()];
        // SAFETY: as in `wkt`; null is read as no text.
        unsafe {
            text(sys::proj_as_projjson(
                self.context.0.as_ptr(),
                self.pj.as_ptr(),
                options.as_ptr(),
            ))
        }
    }

    /// WKT 1 on one line: ESRI's, or the one of OGC 01-009; empty where it can't be said so.
    pub fn wkt_1(&self, is_esri: bool) -> String {
        let options = [c"MULTILINE=NO".as_ptr(), ptr::null()];
        let kind = match is_esri {
            true => sys::PJ_WKT_TYPE_PJ_WKT1_ESRI,
            false => sys::PJ_WKT_TYPE_PJ_WKT1_GDAL,
        };
        // SAFETY: as in `wkt`; null is read as no text.
        unsafe {
            text(sys::proj_as_wkt(
                self.context.0.as_ptr(),
                self.pj.as_ptr(),
                kind,
                options.as_ptr(),
            ))
        }
    }

    /// The CRS as a PROJ string, which says less than WKT; empty where it can't be said so.
    pub fn proj4(&self) -> String {
        // SAFETY: as in `wkt`; null is read as no text.
        unsafe {
            text(sys::proj_as_proj_string(
                self.context.0.as_ptr(),
                self.pj.as_ptr(),
                sys::PJ_PROJ_STRING_TYPE_PJ_PROJ_4,
                ptr::null(),
            ))
        }
    }

    pub fn area(&self) -> Option<Area> {
        let (mut west, mut south, mut east, mut north) = (0.0, 0.0, 0.0, 0.0);
        let mut name: *const c_char = ptr::null();
        // SAFETY: both are alive, the out pointers are of this frame, the text is copied below
        // while the object lives.
        let found = unsafe {
            sys::proj_get_area_of_use(
                self.context.0.as_ptr(),
                self.pj.as_ptr(),
                &mut west,
                &mut south,
                &mut east,
                &mut north,
                &mut name,
            )
        };
        // PROJ answers -1000 where it does not know.
        let known = [west, south, east, north]
            .iter()
            .all(|v| (-360.0..=360.0).contains(v));
        (found != 0 && known).then(|| Area {
            west,
            south,
            east,
            north,
            // SAFETY: null or a text of the object.
            name: unsafe { text(name) },
        })
    }

    /// The axes of a single CRS, in the authority's order.
    pub fn axes(&self) -> Vec<Axis> {
        let context = self.context.0.as_ptr();
        // SAFETY: both are alive; null or an object that `Object` destroys.
        let system = unsafe { sys::proj_crs_get_coordinate_system(context, self.pj.as_ptr()) };
        let Some(system) = self.context.object(system) else {
            return Vec::new();
        };
        // SAFETY: both are alive.
        let count = unsafe { sys::proj_cs_get_axis_count(context, system.pj.as_ptr()) };
        (0..count)
            .filter_map(|index| {
                let mut name: *const c_char = ptr::null();
                let mut direction: *const c_char = ptr::null();
                let mut unit_factor = 0.0;
                // SAFETY: both are alive, the index is below the count, the out pointers are of
                // this frame or null where the value is not wanted; the texts are copied while
                // the system lives.
                unsafe {
                    let found = sys::proj_cs_get_axis_info(
                        context,
                        system.pj.as_ptr(),
                        index,
                        &mut name,
                        ptr::null_mut(),
                        &mut direction,
                        &mut unit_factor,
                        ptr::null_mut(),
                        ptr::null_mut(),
                        ptr::null_mut(),
                    );
                    (found != 0).then(|| Axis {
                        name: text(name),
                        direction: text(direction),
                        unit_factor,
                    })
                }
            })
            .collect()
    }

    /// The horizontal part of a compound CRS.
    pub fn horizontal(&self) -> Option<Object<'c>> {
        // SAFETY: both are alive.
        let pj = unsafe { sys::proj_crs_get_sub_crs(self.context.0.as_ptr(), self.pj.as_ptr(), 0) };
        self.context.object(pj)
    }

    /// The CRS that a bound CRS (one with its own way to WGS 84) is about.
    pub fn base(&self) -> Option<Object<'c>> {
        // SAFETY: both are alive.
        let pj = unsafe { sys::proj_get_source_crs(self.context.0.as_ptr(), self.pj.as_ptr()) };
        self.context.object(pj)
    }

    /// The same CRS or operation with x before y.
    pub fn normalized(&self) -> Option<Object<'c>> {
        // SAFETY: both are alive.
        let pj = unsafe {
            sys::proj_normalize_for_visualization(self.context.0.as_ptr(), self.pj.as_ptr())
        };
        self.context.object(pj)
    }

    /// Authority and code of the CRS in the database that this one surely is (a confidence of
    /// 90 of 100 or more: the same definition, at most under another name).
    pub fn identify(&self) -> Option<(String, String)> {
        let context = self.context.0.as_ptr();
        let mut confidences: *mut c_int = ptr::null_mut();
        // SAFETY: both are alive; PROJ allocates as many confidences as the list is long, and
        // the first is read only where the list has one; both are freed here, once.
        unsafe {
            let list = sys::proj_identify(
                context,
                self.pj.as_ptr(),
                ptr::null(),
                ptr::null(),
                &mut confidences,
            );
            if list.is_null() {
                return None;
            }
            let sure =
                sys::proj_list_get_count(list) > 0 && !confidences.is_null() && *confidences >= 90;
            let found = sure
                .then(|| self.context.object(sys::proj_list_get(context, list, 0)))
                .flatten()
                .map(|crs| {
                    (
                        text(sys::proj_get_id_auth_name(crs.pj.as_ptr(), 0)),
                        text(sys::proj_get_id_code(crs.pj.as_ptr(), 0)),
                    )
                })
                .filter(|(authority, code)| !authority.is_empty() && !code.is_empty());
            sys::proj_int_list_destroy(confidences);
            sys::proj_list_destroy(list);
            found
        }
    }

    /// The operation as a pipeline; `None` where PROJ cannot write it as one.
    fn as_operation(&self) -> Option<Operation> {
        let context = self.context.0.as_ptr();
        let pj = self.pj.as_ptr();
        // SAFETY: both are alive; the text is copied.
        unsafe {
            let pipeline = text(sys::proj_as_proj_string(
                context,
                pj,
                sys::PJ_PROJ_STRING_TYPE_PJ_PROJ_5,
                ptr::null(),
            ));
            let accuracy = sys::proj_coordoperation_get_accuracy(context, pj);
            (!pipeline.is_empty()).then(|| Operation {
                pipeline,
                accuracy_m: (accuracy >= 0.0).then_some(accuracy),
                is_ballpark: sys::proj_coordoperation_has_ballpark_transformation(context, pj) != 0,
            })
        }
    }
}

impl Drop for Object<'_> {
    fn drop(&mut self) {
        // SAFETY: made by PROJ for us, destroyed once, while its context lives.
        unsafe { sys::proj_destroy(self.pj.as_ptr()) };
    }
}

/// A pipeline ready to run, with a context of its own. Neither `Send` nor `Sync`.
#[derive(Debug)]
pub(super) struct Pipeline {
    // before the context, so that it is destroyed first
    pj: PipelineObject,
    _context: Context,
}

#[derive(Debug)]
struct PipelineObject(NonNull<sys::PJ>);

impl Pipeline {
    /// A pipeline from a text that `Context::operation` wrote.
    pub fn new(definition: &str) -> Option<Pipeline> {
        let context = Context::new()?;
        let definition = CString::new(definition).ok()?;
        // SAFETY: the context is alive and moves with the object; the text ends in NUL.
        let pj = unsafe { sys::proj_create(context.0.as_ptr(), definition.as_ptr()) };
        Some(Pipeline {
            pj: PipelineObject(NonNull::new(pj)?),
            _context: context,
        })
    }

    /// Sends every position through the pipeline; one that can't be sent becomes NaN.
    pub fn run(&self, coords: &mut [Coord]) {
        if coords.is_empty() {
            return;
        }
        let stride = size_of::<Coord>();
        let count = coords.len();
        let base = coords.as_mut_ptr().cast::<f64>();
        // SAFETY: `base` spans `count` pairs of f64; x is at its start, y one f64 further, and
        // both strides are a pair, so that the last y read is the slice's last f64. A null z
        // and t with count 0 mean zero everywhere. `&mut` makes the memory ours alone.
        unsafe {
            sys::proj_errno_reset(self.pj.0.as_ptr());
            sys::proj_trans_generic(
                self.pj.0.as_ptr(),
                sys::PJ_DIRECTION_PJ_FWD,
                base,
                stride,
                count,
                base.add(1),
                stride,
                count,
                ptr::null_mut(),
                0,
                0,
                ptr::null_mut(),
                0,
                0,
            );
        }
        for [x, y] in coords {
            if !(x.is_finite() && y.is_finite()) {
                *x = f64::NAN;
                *y = f64::NAN;
            }
        }
    }
}

impl Drop for PipelineObject {
    fn drop(&mut self) {
        // SAFETY: made by `proj_create`, destroyed once, before its context (field order).
        unsafe { sys::proj_destroy(self.0.as_ptr()) };
    }
}

/// A copy of PROJ's text; empty where there is none.
///
/// # Safety
/// `pointer` is null or a NUL-terminated text that lives through the call.
unsafe fn text(pointer: *const c_char) -> String {
    if pointer.is_null() {
        return String::new();
    }
    // SAFETY: what the caller promises.
    unsafe { CStr::from_ptr(pointer) }
        .to_string_lossy()
        .into_owned()
}

/// A file interface on which nothing exists and nothing can be made.
static NO_FILES: sys::PROJ_FILE_API = sys::PROJ_FILE_API {
    version: 1,
    open_cbk: Some(no_open),
    read_cbk: Some(no_read),
    write_cbk: Some(no_write),
    seek_cbk: Some(no_seek),
    tell_cbk: Some(no_tell),
    close_cbk: Some(no_close),
    exists_cbk: Some(no_name),
    mkdir_cbk: Some(no_name),
    unlink_cbk: Some(no_name),
    rename_cbk: Some(no_rename),
};

type File = sys::PROJ_FILE_HANDLE;
type Ctx = sys::PJ_CONTEXT;

unsafe extern "C" fn no_open(
    _: *mut Ctx,
    _: *const c_char,
    _: sys::PROJ_OPEN_ACCESS,
    _: *mut c_void,
) -> *mut File {
    ptr::null_mut()
}

unsafe extern "C" fn no_read(
    _: *mut Ctx,
    _: *mut File,
    _: *mut c_void,
    _: usize,
    _: *mut c_void,
) -> usize {
    0
}

unsafe extern "C" fn no_write(
    _: *mut Ctx,
    _: *mut File,
    _: *const c_void,
    _: usize,
    _: *mut c_void,
) -> usize {
    0
}

unsafe extern "C" fn no_seek(
    _: *mut Ctx,
    _: *mut File,
    _: c_longlong,
    _: c_int,
    _: *mut c_void,
) -> c_int {
    0
}

unsafe extern "C" fn no_tell(_: *mut Ctx, _: *mut File, _: *mut c_void) -> c_ulonglong {
    0
}

unsafe extern "C" fn no_close(_: *mut Ctx, _: *mut File, _: *mut c_void) {}

unsafe extern "C" fn no_name(_: *mut Ctx, _: *const c_char, _: *mut c_void) -> c_int {
    0
}

unsafe extern "C" fn no_rename(
    _: *mut Ctx,
    _: *const c_char,
    _: *const c_char,
    _: *mut c_void,
) -> c_int {
    0
}

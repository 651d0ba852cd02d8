//! Filter criteria (m2m:filterCriteria).

use super::parameter::parameters;
use super::{ContentFilterSyntax, FilterOperation, FilterUsage, ResourceType, Timestamp};
use crate::wire::value::Value;

parameters! {
    /// Which resources a request is about.
    pub struct FilterCriteria {
        /// crb
        created_before: Option<Timestamp> = "crb",
        /// cra
        created_after: Option<Timestamp> = "cra",
        /// ms
        modified_since: Option<Timestamp> = "ms",
        /// us
        unmodified_since: Option<Timestamp> = "us",
        /// sts
        state_tag_smaller: Option<u64> = "sts",
        /// stb
        state_tag_bigger: Option<u64> = "stb",
        /// exb
        expire_before: Option<Timestamp> = "exb",
        /// exa
        expire_after: Option<Timestamp> = "exa",
        /// lbl
        labels: Option<Vec<String>> = "lbl",
        /// clbl
        child_labels: Option<Vec<String>> = "clbl",
        /// palb
        parent_labels: Option<Vec<String>> = "palb",
        /// lbq: an expression over labels.
        labels_query: Option<String> = "lbq",
        /// ty
        resource_types: Option<Vec<ResourceType>> = "ty",
        /// chty
        child_types: Option<Vec<ResourceType>> = "chty",
        /// pty
        parent_types: Option<Vec<ResourceType>> = "pty",
        /// sza: bytes or more.
        size_above: Option<u64> = "sza",
        /// szb: fewer bytes.
        size_below: Option<u64> = "szb",
        /// cty
        content_types: Option<Vec<String>> = "cty",
        /// atr
        attributes: Option<Vec<AttributeMatch>> = "atr",
        /// catr
        child_attributes: Option<Vec<AttributeMatch>> = "catr",
        /// patr
        parent_attributes: Option<Vec<AttributeMatch>> = "patr",
        /// fu
        usage: Option<FilterUsage> = "fu",
        /// lim: how many at most.
        limit: Option<u64> = "lim",
        /// smf: SPARQL.
        semantics: Option<Vec<String>> = "smf",
        /// fo
        operation: Option<FilterOperation> = "fo",
        /// cfs
        content_syntax: Option<ContentFilterSyntax> = "cfs",
        /// cfq
        content_query: Option<String> = "cfq",
        /// lvl: how many levels down.
        level: Option<u64> = "lvl",
        /// ofst: from which on.
        offset: Option<u64> = "ofst",
        /// arp: a path to add to each result.
        relative_path: Option<String> = "arp",
        /// ops: operations that the originator may perform, as a bit mask.
        operations: Option<u64> = "ops",
        /// gmty: the type of a geometry.
        geometry_type: Option<u64> = "gmty",
        /// geom: its coordinates.
        geometry: Option<Value> = "geom",
        /// gsf: how resources lie to it.
        geometry_function: Option<u64> = "gsf",
    }
}

parameters! {
    /// An attribute and the value that it has to have (m2m:attribute).
    pub struct AttributeMatch {
        /// nm
        name: String = "nm",
        /// val
        value: Option<Value> = "val",
    }
}

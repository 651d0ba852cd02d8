//! RETRIEVE, discovery, and which children an answer holds (TS-0001 clauses 10.1.3 and 10.2.6).

use super::Cse;
use super::filter::Filter;
use super::refusal::{
    ABSENT, DAMAGED, FILTER, FILTER_LATER, NO_CONTENT, RESULT_CONTENT, RESULT_CONTENT_LATER,
    Refusal, VISITED,
};
use super::task::{Answer, Step, Task, Turn};
use crate::onem2m::access::Operation;
use crate::onem2m::limits::{DEFAULT_LIFETIME_MS, MAX_RESULTS, MAX_TREE_DEPTH, MAX_VISITED};
use crate::onem2m::tree::address::{self, Place};
use crate::onem2m::tree::{Family, Head, Id, Store, ty};
use crate::wire::primitive::{Content, FilterCriteria, FilterUsage, ResultContent, Rsc};
use crate::wire::value::{Map, Value};

/// What was found, and where to go on if that is not all.
struct Found {
    ids: Vec<Id>,
    offset: Option<u64>,
}

impl<S: Store> Cse<S> {
    pub(super) fn retrieve(
        &mut self,
        turn: &Turn<'_>,
        task: &Task,
        place: Place<'_>,
    ) -> Result<Step, Refusal> {
        if task.request.content.is_some() {
            return Err(NO_CONTENT);
        }
        let (id, granted) = match place {
            Place::Resource(id) => (id, false),
            Place::Instance(container, end) => {
                // Who may not know the container learns nothing of what is in it. Who may retrieve it may
                // retrieve its instances: they have its privileges.
                self.require(turn, task, container, Operation::Retrieve, None)?;
                (self.instance(turn, container, end)?, true)
            }
            Place::FanOut(..) => return Err(ABSENT),
        };
        if matches!(task.request.filter, Some(FilterCriteria { usage: Some(usage), .. })
            if usage == FilterUsage::Discovery)
        {
            return self.discover(turn, task, id);
        }
        if !granted {
            self.require(turn, task, id, Operation::Retrieve, None)?;
        }
        self.alive(turn, id)?;
        let result = task.request.result_content.unwrap_or(ResultContent::Attributes);
        let content = match result {
            ResultContent::Attributes => {
                self.check_condition(task, id)?;
                self.render(id)?
            }
            ResultContent::AttributesAndChildResources
            | ResultContent::AttributesAndChildReferences
            | ResultContent::ChildReferences
            | ResultContent::ChildResources => return self.children(turn, task, id, result),
            ResultContent::OriginalResource
            | ResultContent::SemanticContent
            | ResultContent::SemanticContentAndChildResources
            | ResultContent::Permissions => return Err(RESULT_CONTENT_LATER),
            _ => return Err(RESULT_CONTENT),
        };
        Ok(Step::Done(Answer::new(Rsc::OK, Some(content))))
    }

    /// The default lifetime ends without a note anywhere.
    fn alive(&self, turn: &Turn<'_>, id: Id) -> Result<(), Refusal> {
        let node = self.store.node(id)?.ok_or(ABSENT)?;
        let head = Head::read(&node.body).ok_or(DAMAGED)?;
        let ends = head.expires.unwrap_or_else(|| head.created.saturating_add(DEFAULT_LIFETIME_MS));
        if node.ty != ty::CB && ends <= turn.unix { Err(ABSENT) } else { Ok(()) }
    }

    /// A condition on the target itself (fu 2).
    fn check_condition(&self, task: &Task, id: Id) -> Result<(), Refusal> {
        let Some(criteria) = &task.request.filter else { return Ok(()) };
        match criteria.usage {
            None | Some(FilterUsage::Conditional) => {}
            Some(_) => return Err(FILTER_LATER),
        }
        let filter = Filter::new(criteria)?;
        let node = self.store.node(id)?.ok_or(ABSENT)?;
        let head = Head::read(&node.body).ok_or(DAMAGED)?;
        if filter.admits(node.ty, &head) { Ok(()) } else { Err(ABSENT) }
    }

    /// Discovery: references to what the originator may discover. The privilege is asked for of each result,
    /// not of the place where the search begins, so that an AE finds its own from the CSEBase.
    fn discover(&mut self, turn: &Turn<'_>, task: &Task, top: Id) -> Result<Step, Refusal> {
        match task.request.result_content {
            None | Some(ResultContent::Attributes | ResultContent::ChildReferences) => {}
            Some(_) => return Err(RESULT_CONTENT),
        }
        let found = self.find(turn, task, top, Operation::Discovery)?;
        let outside = task.asker.hop.is_some();
        let mut list = Vec::with_capacity(found.ids.len());
        for id in found.ids {
            list.push(Value::Text(self.refer(id, task.request.desired_id_type, outside)?));
        }
        let content = Content::new("m2m:uril", Value::List(list));
        let answer = Answer { status: Rsc::OK, content: Some(content), offset: found.offset };
        Ok(Step::Done(answer))
    }

    /// Children and what is below them, as resources or as references.
    fn children(
        &mut self,
        turn: &Turn<'_>,
        task: &Task,
        top: Id,
        result: ResultContent,
    ) -> Result<Step, Refusal> {
        let found = self.find(turn, task, top, Operation::Retrieve)?;
        let mut content = self.render(top)?;
        let whole = matches!(
            result,
            ResultContent::AttributesAndChildResources
                | ResultContent::AttributesAndChildReferences
        );
        if !whole {
            content.value = Value::Map(Map::new());
        }
        let Value::Map(attributes) = &mut content.value else { return Err(DAMAGED) };
        match result {
            ResultContent::AttributesAndChildResources | ResultContent::ChildResources => {
                self.nest(attributes, top, &found.ids)?;
            }
            _ => {
                let references = self.references(task, &found.ids)?;
                if whole {
                    attributes.insert("ch", references);
                } else {
                    content = Content::new("m2m:rrl", Value::Map(Map::of("rrf", references)));
                }
            }
        }
        let answer = Answer { status: Rsc::OK, content: Some(content), offset: found.offset };
        Ok(Step::Done(answer))
    }

    /// m2m:childResourceRef of each.
    fn references(&self, task: &Task, ids: &[Id]) -> Result<Value, Refusal> {
        let outside = task.asker.hop.is_some();
        let mut list = Vec::with_capacity(ids.len());
        for id in ids {
            let number = self.store.node(*id)?.ok_or(ABSENT)?.ty;
            let mut reference = Map::of("nm", Value::Text(address::name(&self.store, *id)?));
            reference.insert("typ", Value::from(u64::from(number)));
            let value = self.refer(*id, task.request.desired_id_type, outside)?;
            reference.insert("val", Value::Text(value));
            list.push(Value::Map(reference));
        }
        Ok(Value::List(list))
    }

    /// Puts each resource into its parent; a parent that was not found itself has no place for it.
    fn nest(&self, attributes: &mut Map, top: Id, ids: &[Id]) -> Result<(), Refusal> {
        for id in ids {
            if self.store.node(*id)?.ok_or(ABSENT)?.parent != Some(top) {
                continue;
            }
            let mut content = self.render(*id)?;
            if let Value::Map(inner) = &mut content.value {
                self.nest(inner, *id, ids)?;
            }
            match attributes.remove(&content.root) {
                Some(Value::List(mut siblings)) => {
                    siblings.push(content.value);
                    attributes.insert(content.root, Value::List(siblings));
                }
                _ => {
                    attributes.insert(content.root, Value::List(vec![content.value]));
                }
            }
        }
        Ok(())
    }

    /// What is below `top`, meets the criteria, and is open to the originator: parents before their
    /// children, in the order of creation.
    fn find(
        &mut self,
        turn: &Turn<'_>,
        task: &Task,
        top: Id,
        operation: Operation,
    ) -> Result<Found, Refusal> {
        let none = FilterCriteria::default();
        let criteria = task.request.filter.as_ref().unwrap_or(&none);
        let filter = Filter::new(criteria)?;
        let levels = criteria.level.unwrap_or(u64::MAX);
        let skip = criteria.offset.unwrap_or(1).max(1) - 1;
        let most = criteria
            .limit
            .map_or(MAX_RESULTS, |lim| usize::try_from(lim).unwrap_or(usize::MAX).min(MAX_RESULTS));
        if levels == 0 || criteria.limit == Some(0) || criteria.offset == Some(0) {
            return Err(FILTER);
        }
        let mut found = Found { ids: Vec::new(), offset: None };
        let mut seen = 0;
        let mut path = vec![(top, 0)];
        let mut visited = 0;
        while let Some((id, level)) = path.pop() {
            visited += 1;
            if visited > MAX_VISITED {
                return Err(VISITED);
            }
            if level > 0 && self.admits(turn, task, id, &filter, operation)? {
                if found.ids.len() == most {
                    found.offset = Some(skip + most as u64 + 1);
                    break;
                }
                seen += 1;
                if seen > skip {
                    found.ids.push(id);
                }
            }
            if level < levels && level <= MAX_TREE_DEPTH as u64 {
                let from = path.len();
                self.push_children(id, level + 1, &mut path)?;
                path.get_mut(from..).unwrap_or_default().reverse();
            }
        }
        Ok(found)
    }

    fn push_children(&self, id: Id, level: u64, path: &mut Vec<(Id, u64)>) -> Result<(), Refusal> {
        for family in [Family::Others, Family::Instances] {
            let mut next = self.store.first(id, family)?;
            while let Some(child) = next {
                path.push((child, level));
                if path.len() > MAX_VISITED {
                    return Err(VISITED);
                }
                next = self.store.next(child)?;
            }
        }
        Ok(())
    }

    fn admits(
        &mut self,
        turn: &Turn<'_>,
        task: &Task,
        id: Id,
        filter: &Filter,
        operation: Operation,
    ) -> Result<bool, Refusal> {
        let node = self.store.node(id)?.ok_or(ABSENT)?;
        let head = Head::read(&node.body).ok_or(DAMAGED)?;
        let fits = filter.admits(node.ty, &head);
        drop(node);
        Ok(fits && self.may(turn, &task.asker, id, operation, None)?)
    }
}

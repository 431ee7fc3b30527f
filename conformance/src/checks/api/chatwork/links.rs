//! Invitation link and description of a group chat: changed, and put back as they were.

use contract::chatwork::clauses::{BAD_STATE, LINK, LINK_CODE, ROOM_FIELDS};
use contract::service::Service;
use http::Method;
use serde_json::Value;

use super::super::found::{deviates, moot};
use super::text::form;
use super::tour::{self, success};
use super::verdicts::kept;
use crate::ask::server::{Call, Server, Talk};
use crate::check::{Area, Check, Kind, Level, Needs, Plan};

const BASE: Check = Check {
    kind: Kind::Api,
    area: Area::Requests,
    needs: Needs::Write,
    level: Level::Must,
    ..Check::blank(Service::Chatwork)
};

/// In report order.
pub const CHECKS: &[Check] = &[
    Check {
        id: "chatwork.api.link-comes-and-goes",
        title: "an invitation link can be made, changed and deleted; what its state does not allow is answered 400",
        rationale: "A link lets people in. A program that deleted it has to be able to rely on that.",
        hint: "Answer the link's object, {\"public\":false} without one, and 400 to POST where there is one, to PUT and DELETE \
               where there is none.",
        clauses: &[&LINK, &LINK_CODE, &BAD_STATE],
        plan: Plan::Dialogue {
            calls: &[
                "GET, POST, PUT and DELETE /rooms/{room_id}/link; one that is there is put back (this machine only)",
            ],
            hold: link,
        },
        ..BASE
    },
    Check {
        id: "chatwork.api.description-is-changed",
        title: "PUT changes the description of a chat, and leaves its name alone",
        rationale: "Programs write the state of something into the description. What they do not send has to stay.",
        hint: "Change the parameters that came, and no others; answer {\"room_id\":…}.",
        clauses: &[&ROOM_FIELDS],
        plan: Plan::Dialogue { calls: &["GET /rooms/{room_id}", "PUT /rooms/{room_id}, twice"], hold: description },
        ..BASE
    },
];

/// The named room, if it is a group chat that the caller administers.
fn administered(server: &mut dyn Server) -> Talk<(u64, Value)> {
    let room = tour::place(server)?;
    let heard = server.call(&Call::get(format!("/rooms/{room}")));
    let seen = success(&heard)?;
    if seen["type"] == "group" && seen["role"] == "admin" {
        return Ok((room, seen));
    }
    Err(moot("the named room is no group chat of which the caller is an administrator"))
}

fn link(server: &mut dyn Server) -> Talk {
    let (room, _) = administered(server)?;
    let path = format!("/rooms/{room}/link");
    let before = success(&server.call(&Call::get(path.as_str())))?;
    if before["public"] != true {
        return course(server, &path);
    }
    if !server.facts().local {
        return Err(moot("the room has an invitation link, which is left alone: name a room without one"));
    }
    let text = |key: &str| before[key].as_str().unwrap_or_default().to_owned();
    let code = text("url").rsplit('/').next().unwrap_or_default().to_owned();
    let (acceptance, description) = (if before["need_acceptance"] == true { "1" } else { "0" }, text("description"));
    server.call(&Call::new(Method::DELETE, path.as_str()));
    let outcome = course(server, &path);
    let pairs = [("code", code.as_str()), ("need_acceptance", acceptance), ("description", description.as_str())];
    server.call(&Call { private: true, tidies: true, ..form(Method::POST, path.as_str(), &pairs) });
    outcome
}

/// From no link to one, and back.
fn course(server: &mut dyn Server, path: &str) -> Talk {
    let code = format!("conformance-{}", server.facts().seed);
    let outcome = made_and_changed(server, path, &code);
    let gone = server.call(&Call::new(Method::DELETE, path).tidying());
    outcome?;
    success(&gone)?;
    let answer = kept(server, &gone)?;
    public(&answer, false, "DELETE")?;
    for call in [Call::new(Method::DELETE, path), form(Method::PUT, path, &[("need_acceptance", "0")])] {
        refused(server, &call, "there is no link")?;
    }
    Ok(())
}

fn made_and_changed(server: &mut dyn Server, path: &str, code: &str) -> Talk {
    let make =
        form(Method::POST, path, &[("code", code), ("need_acceptance", "0"), ("description", "conformance test")]);
    let heard = server.call(&make);
    success(&heard)?;
    let made = kept(server, &heard)?;
    public(&made, true, "POST")?;
    let fits = |link: &Value, acceptance: bool| {
        link["url"].as_str().is_some_and(|url| url.ends_with(&format!("/{code}")))
            && link["need_acceptance"] == acceptance
    };
    if !fits(&made, false) {
        return Err(deviates(
            "otherwise",
            "the link is not made as asked",
            format!("…/{code}, need_acceptance false"),
            made.to_string(),
        ));
    }
    refused(server, &make, "there is a link")?;
    let heard = server.call(&form(Method::PUT, path, &[("code", code), ("need_acceptance", "1")]));
    success(&heard)?;
    let changed = kept(server, &heard)?;
    if !fits(&changed, true) {
        return Err(deviates(
            "not-changed",
            "the link is not changed as asked",
            format!("…/{code}, need_acceptance true"),
            changed.to_string(),
        ));
    }
    Ok(())
}

fn public(link: &Value, expected: bool, verb: &str) -> Talk {
    if link["public"] == expected {
        return Ok(());
    }
    Err(deviates(
        "public",
        format!("{verb} of the link answers public {}", link["public"]),
        format!("public {expected}"),
        format!("public {}", link["public"]),
    ))
}

fn refused(server: &mut dyn Server, call: &Call, why: &str) -> Talk {
    let heard = server.call(call);
    let status = heard.answer()?.status().as_u16();
    if status == 400 {
        return kept(server, &heard).map(drop);
    }
    Err(deviates(
        "not-400",
        format!("{} of the link was answered with {status} though {why}", call.method),
        "status 400",
        format!("status {status}"),
    ))
}

fn description(server: &mut dyn Server) -> Talk {
    let (room, before) = administered(server)?;
    let path = format!("/rooms/{room}");
    let old = before["description"].as_str().unwrap_or_default().to_owned();
    let new = format!("conformance test {}: to be put back", server.facts().seed);
    let heard = server.call(&form(Method::PUT, path.as_str(), &[("description", &new)]));
    let answered = success(&heard).and_then(|_| kept(server, &heard));
    let looked = server.call(&Call::get(path.as_str()));
    let back = server.call(&Call {
        private: true,
        tidies: true,
        ..form(Method::PUT, path.as_str(), &[("description", &old)])
    });
    answered?;
    server.show(&[heard]);
    let seen = success(&looked)?;
    if seen["description"] != new.as_str() || seen["name"] != before["name"] {
        return Err(deviates(
            "not-changed",
            "the chat does not read back with the new description and the old name",
            new,
            format!("description of {} characters", seen["description"].as_str().unwrap_or_default().chars().count()),
        ));
    }
    success(&back).map(drop)
}

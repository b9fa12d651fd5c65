# An RTSP server that is not ours (GStreamer's), with H.264 and MJPEG. User and password as arguments, or neither for an
# open server; --onvif is its server for ONVIF cameras. Prints its port and runs until it is ended.
import argparse
import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtsp", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtsp, GstRtspServer

parser = argparse.ArgumentParser()
parser.add_argument("account", nargs="*")
parser.add_argument("--address", default="127.0.0.1")
parser.add_argument("--port", default="0")
parser.add_argument("--onvif", action="store_true")
options = parser.parse_args()

Gst.init(None)
server = GstRtspServer.RTSPOnvifServer() if options.onvif else GstRtspServer.RTSPServer()
server.set_address(options.address)
server.set_service(options.port)
role = "viewer"

if options.account:
    user, password = options.account
    auth = GstRtspServer.RTSPAuth()
    token = GstRtspServer.RTSPToken()
    token.set_string("media.factory.role", role)
    auth.add_digest(user, password, token)
    auth.set_supported_methods(GstRtsp.RTSPAuthMethod.DIGEST)
    server.set_auth(auth)

video = "videotestsrc is-live=true pattern=smpte ! video/x-raw,format=I420,width=640,height=360,framerate=10/1 ! "
streams = {
    "/h264": video + "x264enc tune=zerolatency key-int-max=10 ! rtph264pay name=pay0",
    "/mjpeg": video + "jpegenc ! rtpjpegpay name=pay0",
    # As old cameras do: packets by UDP only.
    "/udp": video + "jpegenc ! rtpjpegpay name=pay0",
}
# The path that the ONVIF server we test with names.
streams["/h264main"] = streams["/h264"]
for path, pipeline in streams.items():
    factory = GstRtspServer.RTSPOnvifMediaFactory() if options.onvif else GstRtspServer.RTSPMediaFactory()
    factory.set_launch("( " + pipeline + " )")
    factory.set_shared(True)
    if options.onvif:
        factory.set_media_gtype(GstRtspServer.RTSPOnvifMedia)
    if path == "/udp":
        factory.set_protocols(GstRtsp.RTSPLowerTrans.UDP)
    if options.account:
        permissions = GstRtspServer.RTSPPermissions()
        permissions.add_permission_for_role(role, "media.factory.access", True)
        permissions.add_permission_for_role(role, "media.factory.construct", True)
        factory.set_permissions(permissions)
    server.get_mount_points().add_factory(path, factory)

server.attach(None)
print(server.get_bound_port(), flush=True)
GLib.MainLoop().run()
